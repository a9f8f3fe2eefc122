/** Where a text may go: services and routes as they are set up, or what a reader is told who may not see that. */

import type { Destinations } from "$/lib/api/types";
import type { Spot, Way } from "$/lib/destination";
import * as api from "$/services/remote";
import type { Remote } from "./remote.svelte";
import type { Routes } from "./routes.svelte";

export class Places {
  private told = $state.raw<Destinations>({ places: [], routes: [] });

  constructor(
    private readonly remote: Remote,
    private readonly ways: Routes,
  ) {}

  get services(): Spot[] {
    return this.remote.loaded ? this.remote.all : this.told.places;
  }

  get routes(): Way[] {
    return this.ways.loaded ? this.ways.all : this.told.routes;
  }

  async fetch(): Promise<void> {
    await Promise.allSettled([this.remote.fetch(), this.ways.fetch()]);
    if (!this.remote.loaded || !this.ways.loaded) this.told = await api.destinations();
  }
}
