/** Calls as they run and as they ended, and what they came to; asked for only while someone looks. */

import type { LiveCall, PastCall, Stats } from "$/lib/api/types";
import { poll } from "$/lib/poll";
import type { EventStream } from "$/services/events";
import * as api from "$/services/monitor";

const LIVE_MS = 2000;
const STATS_MS = 15_000;
/** What the statistics call those of whom there are too many to tell apart. */
const OTHER = "other";

export const spans = { hour: 3600, day: 86_400, week: 7 * 86_400, month: 30 * 86_400 } as const;
export type Span = keyof typeof spans;

export interface Choice {
  name: string;
  title: string;
}

export class Monitor {
  live = $state.raw<LiveCall[]>([]);
  loaded = $state(false);
  stats = $state.raw<Stats | null>(null);
  by = $state<api.By>("model");
  span = $state<Span>("day");
  past = $state.raw<PastCall[]>([]);
  next = $state<string | null>(null);
  wanted = $state.raw<api.HistoryQuery>({});
  /** What there was in the last 30 days, by what it is called. */
  choices = $state.raw<Partial<Record<api.Filter, Choice[]>>>({});
  private turn = 0;

  constructor(private readonly events: EventStream) {}

  /** Keeps what runs up to date until what it returns is called: by events, and every other second for its numbers. */
  watch = (): (() => void) => {
    const end = poll(LIVE_MS, () => this.fetchLive());
    const off = this.events.on("call", () => void this.fetchLive().catch(() => undefined));
    return () => (end(), off());
  };

  watchStats = (): (() => void) => poll(STATS_MS, () => this.fetchStats());

  async fetchLive(): Promise<void> {
    this.live = (await api.live()).calls;
    this.loaded = true;
  }

  async cancel(id: string): Promise<void> {
    await api.cancel(id);
    this.live = this.live.filter((call) => call.id !== id);
  }

  /** A newer question overtakes an older one. */
  async fetchStats(): Promise<void> {
    const turn = ++this.turn;
    const found = await api.stats(this.by, Date.now() / 1000 - spans[this.span]);
    if (turn === this.turn) this.stats = found;
  }

  async show(fields: { by?: api.By; span?: Span }): Promise<void> {
    Object.assign(this, fields);
    await this.fetchStats();
  }

  /** The newest that ended, or with `more` those before them. */
  async fetchPast(wanted: api.HistoryQuery = this.wanted, more = false): Promise<void> {
    this.wanted = wanted;
    const page = await api.history({ ...wanted, ...(more && this.next ? { after: this.next } : {}) });
    if (wanted !== this.wanted) return;
    this.past = more ? [...this.past, ...page.calls] : page.calls;
    this.next = page.next;
  }

  /** What the list of calls can be narrowed to; what cannot be told is no choice. */
  async fetchChoices(): Promise<void> {
    const from = Date.now() / 1000 - spans.month;
    const told = await Promise.allSettled(api.filters.map((by) => api.stats(by, from)));
    this.choices = Object.fromEntries(
      api.filters.map((by, at) => {
        const found = told[at]!;
        const groups = found.status === "fulfilled" ? found.value.groups : [];
        return [by, groups.filter(({ name }) => name && name !== OTHER).map(({ name, title }) => ({ name, title }))];
      }),
    );
  }
}
