/** What a chat asks, by the name that people say: a model of this machine, a route, or a service's model. */

import type { app as App } from "$/stores/app.svelte";
import { shortName, titleOf } from "./models";

/** Empty where nothing is chosen and nothing is known yet. */
export function wantedTitle({ chat, models, routes }: typeof App): string {
  const model = models.answering(chat.model);
  if (model) return titleOf(model);
  const wanted = chat.model ?? models.preferred;
  const route = routes.find(wanted);
  return route ? route.title || route.name : wanted === "auto" ? "" : shortName(wanted);
}
