/** Budgets as they stand, and what was told of them while the page was open. */

import type { Budget } from "$/lib/api/types";
import { poll } from "$/lib/poll";
import * as api from "$/services/budgets";
import type { BudgetEvent, EventStream } from "$/services/events";

const LOOK_MS = 5000;

/** A soft one was passed, or a hard one refuses. */
export interface Told extends BudgetEvent {
  title: string;
}

export class Budgets {
  all = $state.raw<Budget[]>([]);
  /** The newest last; each until somebody dismisses or changes it. */
  told = $state.raw<Told[]>([]);

  constructor(events: EventStream) {
    events.on("budget", (event) => void this.hear(event));
  }

  /** Keeps them up to date until what it returns is called. */
  watch = (): (() => void) => poll(LOOK_MS, () => this.fetch());

  async fetch(): Promise<void> {
    this.all = (await api.list()).budgets;
  }

  /** Sets one; where `before` is another budget than what it became, that one goes. */
  async set(wanted: api.NewBudget, before?: Budget): Promise<void> {
    const made = await api.set(wanted);
    if (before && before.id !== made.id) await api.remove(before.id);
    this.dismiss(made.id);
    if (before) this.dismiss(before.id);
    await this.fetch();
  }

  async remove(id: string): Promise<void> {
    await api.remove(id);
    this.dismiss(id);
    this.all = this.all.filter((budget) => budget.id !== id);
  }

  dismiss(id: string): void {
    this.told = this.told.filter((one) => one.id !== id);
  }

  /** What a key is called is in the list, for those who may read it. */
  private async hear(event: BudgetEvent): Promise<void> {
    await this.fetch().catch(() => undefined);
    const title = this.all.find((budget) => budget.id === event.id)?.title ?? event.name;
    this.dismiss(event.id);
    this.told = [...this.told, { ...event, title }];
  }
}
