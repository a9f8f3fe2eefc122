/** The weight store: how much room models take, where each comes from, and whether the hub has it newer. */

import type { Job, StoreOverview } from "$/lib/api/types";
import * as api from "$/services/hub";

export class Shelf {
  overview = $state.raw<StoreOverview | null>(null);

  async fetch(): Promise<void> {
    this.overview = await api.store();
  }

  of(name: string): StoreOverview["models"][number] | undefined {
    return this.overview?.models.find((model) => model.name === name);
  }

  verify = (name: string | null, repair = false): Promise<Job> => api.verify(name, repair);

  /** How many models the hub has newer; those that could not be asked about do not count. */
  async update(): Promise<number> {
    const { updates } = await api.updates();
    await this.fetch();
    return updates.filter((row) => row.update).length;
  }

  async tidy(): Promise<number> {
    const { freed } = await api.tidy();
    await this.fetch();
    return freed;
  }
}
