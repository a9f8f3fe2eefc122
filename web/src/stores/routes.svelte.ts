/** The routes that a person wrote. */

import type { Route } from "$/lib/api/types";
import type { EventStream } from "$/services/events";
import * as api from "$/services/routes";

export class Routes {
  all = $state.raw<Route[]>([]);
  loaded = $state(false);

  constructor(events: EventStream) {
    events.on("route", () => void this.fetch().catch(() => undefined));
  }

  async fetch(): Promise<void> {
    this.all = (await api.list()).routes;
    this.loaded = true;
  }

  find(name: string | null): Route | undefined {
    return name ? this.all.find((route) => route.name === name) : undefined;
  }

  async put(route: Route): Promise<void> {
    const kept = await api.put(route);
    const at = this.all.findIndex((known) => known.name === kept.name);
    this.all = at < 0 ? [...this.all, kept] : this.all.with(at, kept);
  }

  async remove(name: string): Promise<void> {
    await api.remove(name);
    this.all = this.all.filter((route) => route.name !== name);
  }
}
