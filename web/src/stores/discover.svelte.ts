/** What is looked for on the hub, and what was found; kept while other views are looked at. */

import type { HubModel } from "$/lib/api/types";
import { ApiError } from "$/services/http";
import * as api from "$/services/hub";

const nothing: api.Search = {
  query: "",
  task: "",
  format: "",
  license: "",
  speaks: "",
  author: "",
  library: "",
  min_parameters: "",
  max_parameters: "",
  sort: "downloads",
};

export class Discover {
  wish = $state<api.Search>({ ...nothing });
  models = $state.raw<HubModel[]>([]);
  next = $state<string | null>(null);
  offline = $state(false);
  error = $state.raw<ApiError | null>(null);
  busy = $state(false);
  /** What the models shown were asked with. */
  asked = $state("");
  private current: AbortController | null = null;

  readonly narrowed = $derived(
    (Object.keys(nothing) as (keyof api.Search)[]).some((key) => this.wish[key] !== nothing[key]),
  );

  clear(): void {
    this.wish = { ...nothing };
  }

  /** What is looked for, as an address carries it. */
  get address(): string {
    const told = (Object.keys(nothing) as (keyof api.Search)[]).filter((key) => this.wish[key] !== nothing[key]);
    const text = String(new URLSearchParams(told.map((key) => [key, this.wish[key]])));
    return text && `?${text}`;
  }

  /** Takes over what an address carries; what it does not name is not wished for. */
  adopt(address: string): void {
    const told = new URLSearchParams(address);
    const wish = { ...nothing };
    for (const key of Object.keys(nothing) as (keyof api.Search)[])
      wish[key] = told.get(key)?.slice(0, 200) || nothing[key];
    this.wish = wish;
  }

  /** Asks unless the answer is there; what was asked before and is not answered yet is dropped. */
  async search(language: string, again = false): Promise<void> {
    const asked = JSON.stringify([this.wish, language]);
    if (asked === this.asked && !again && !this.error) return;
    this.asked = asked;
    await this.ask("", []);
  }

  more = (): Promise<void> => this.ask(this.next ?? "", this.models);

  private async ask(cursor: string, before: HubModel[]): Promise<void> {
    this.current?.abort();
    const current = (this.current = new AbortController());
    this.busy = true;
    try {
      const found = await api.search({ ...this.wish }, cursor, current.signal);
      const known = new Set(before.map((model) => model.name));
      this.models = [...before, ...found.models.filter((model) => !known.has(model.name))];
      [this.next, this.offline, this.error] = [found.next, found.offline, null];
    } catch (error) {
      if (current.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.error = error;
    } finally {
      if (this.current === current) this.busy = false;
    }
  }
}
