/** Begins a chat with a certain model, loading it meanwhile. */

import { app } from "$/stores/app.svelte";

export function chatWith(name: string): void {
  app.newChat();
  void app.chat.configure({ model: name });
  const state = app.models.find(name)?.state;
  if (state === undefined || state === "on_disk" || state === "failed") void app.attempt(() => app.models.load(name));
}
