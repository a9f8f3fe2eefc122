/** Begins a chat with a certain model, loading it meanwhile where it is one of this machine. */

import { app } from "$/stores/app.svelte";

export function chatWith(name: string): void {
  app.newChat();
  void app.chat.configure({ model: name });
  if (app.remote.owning(name) && !app.models.find(name)) return;
  const state = app.models.find(name)?.state;
  if (state === undefined || state === "on_disk" || state === "failed") void app.attempt(() => app.models.load(name));
}
