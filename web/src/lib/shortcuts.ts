/** Keys that work everywhere. Those without a modifier stay quiet while somebody types. */

import { paths, type Router } from "./router.svelte";

interface Reach {
  router: Router;
  shell: { palette: boolean; help: boolean; settings: boolean; downloads: boolean };
  chat: { busy: boolean; stop(): Promise<void> };
  newChat(): void;
}

export const mac = /Mac|iPhone|iPad/.test(navigator.platform);
export const mod = mac ? "⌘" : "Ctrl";

/** What the help sheet shows: keys, and the text that says what they do. */
export const sheet = [
  { keys: [mod, "K"], text: "keys.palette" },
  { keys: [mod, "⇧", "O"], text: "keys.new" },
  { keys: ["G", "C"], text: "keys.chat" },
  { keys: ["G", "M"], text: "keys.models" },
  { keys: ["G", "O"], text: "keys.monitor" },
  { keys: ["G", "S"], text: "keys.settings" },
  { keys: ["G", "D"], text: "keys.downloads" },
  { keys: ["/"], text: "keys.write" },
  { keys: ["Enter"], text: "keys.send" },
  { keys: ["⇧", "Enter"], text: "keys.line" },
  { keys: ["↑"], text: "keys.edit" },
  { keys: ["Esc"], text: "keys.stop" },
  { keys: [mod, ","], text: "keys.drawer" },
  { keys: ["?"], text: "keys.help" },
] as const;

let leader = 0;

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

export function shortcuts(event: KeyboardEvent, app: Reach): void {
  const key = event.code.startsWith("Key") ? event.code.slice(3).toLowerCase() : event.key;
  const command = mac ? event.metaKey : event.ctrlKey;
  const run = command ? withCommand(key, event.shiftKey, app) : plain(key, event, app);
  if (!run) return;
  event.preventDefault();
  run();
}

function withCommand(key: string, shift: boolean, app: Reach): (() => void) | null {
  if (key === "k") return () => (app.shell.palette = !app.shell.palette);
  if (key === "o" && shift) return () => app.newChat();
  if (key === ",") return () => (app.shell.settings = !app.shell.settings);
  return null;
}

function plain(key: string, event: KeyboardEvent, app: Reach): (() => void) | null {
  if (document.querySelector("dialog[open]") || event.altKey || event.metaKey || event.ctrlKey) return null;
  if (key === "Escape" && app.chat.busy && !document.querySelector(":popover-open")) return () => void app.chat.stop();
  if (typing(event.target)) return null;
  if (event.key === "?") return () => (app.shell.help = true);
  if (key === "/") return () => document.querySelector<HTMLElement>("[data-focus=composer]")?.focus();
  if (event.timeStamp - leader < 1200) {
    leader = 0;
    if (key === "d") return () => (app.shell.downloads = true);
    const path = { c: paths.chat(), m: paths.models(), s: paths.settings(), o: paths.monitor() }[key];
    return path ? () => app.router.go(path) : null;
  }
  if (key === "g") leader = event.timeStamp;
  return null;
}
