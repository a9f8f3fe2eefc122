/** A small router over the History API: the address is the state, links are real links. */

export type ModelsTab = "discover" | "disk" | "running";
export const monitorTabs = ["now", "statistics", "history", "logs"] as const;
export type MonitorTab = (typeof monitorTabs)[number];

export type Route =
  | { page: "chat"; session: string | null }
  | { page: "models"; tab: ModelsTab }
  | { page: "hub"; name: string }
  | { page: "model"; name: string }
  | { page: "monitor"; tab: MonitorTab }
  | { page: "settings"; section: string }
  | { page: "lost" };

export function read(path: string): Route {
  const [first = "", ...rest] = path.split("?")[0]!.split("/").filter(Boolean).map(decode);
  if (!first) return { page: "chat", session: null };
  if (first === "chat" && rest.length <= 1) return { page: "chat", session: rest[0] ?? null };
  if (first === "models" && !rest.length) return { page: "models", tab: "disk" };
  if (first === "models" && rest[0] === "running") return { page: "models", tab: "running" };
  if (first === "models" && rest[0] === "discover") {
    return rest.length > 1 ? { page: "hub", name: rest.slice(1).join("/") } : { page: "models", tab: "discover" };
  }
  if (first === "model" && rest.length) return { page: "model", name: rest.join("/") };
  if (first === "monitor" && !rest.length) return { page: "monitor", tab: "now" };
  if (first === "monitor" && rest.length === 1) {
    const tab = monitorTabs.find((one) => one === rest[0]);
    if (tab) return { page: "monitor", tab };
  }
  if (first === "settings" && rest.length <= 1) return { page: "settings", section: rest[0] ?? "" };
  return { page: "lost" };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const paths = {
  chat: (session?: string | null): string => (session ? `/chat/${encodeURIComponent(session)}` : "/"),
  models: (tab: ModelsTab = "disk"): string => (tab === "disk" ? "/models" : `/models/${tab}`),
  hub: (name: string): string => `/models/discover/${name.split("/").map(encodeURIComponent).join("/")}`,
  model: (name: string): string => `/model/${name.split("/").map(encodeURIComponent).join("/")}`,
  monitor: (tab: MonitorTab = "now"): string => (tab === "now" ? "/monitor" : `/monitor/${tab}`),
  settings: (section = ""): string => (section ? `/settings/${section}` : "/settings"),
};

export class Router {
  route = $state.raw<Route>(read(location.pathname));

  /** Listens to the address and to clicks on links of our own; returns what ends it. */
  start(): () => void {
    const moved = (): void => void (this.route = read(location.pathname));
    const clicked = (event: MouseEvent): void => this.click(event);
    addEventListener("popstate", moved);
    document.addEventListener("click", clicked);
    return () => (removeEventListener("popstate", moved), document.removeEventListener("click", clicked));
  }

  go(path: string, replace = false): void {
    // A view without a question in its address may have one of its own by now.
    const here = path.includes("?") ? location.pathname + location.search : location.pathname;
    if (path !== here) history[replace ? "replaceState" : "pushState"](null, "", path);
    this.route = read(path);
  }

  private click(event: MouseEvent): void {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = (event.target as Element | null)?.closest?.("a[href]");
    if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download")) return;
    if (link.origin !== location.origin || link.pathname.startsWith("/api/") || link.hash) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}
