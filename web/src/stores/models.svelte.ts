/** Models as the server has them, live. */

import type { Generation, Loading, Model, Suggestion } from "$/lib/api/types";
import { answering } from "$/lib/models";
import type { EventStream } from "$/services/events";
import * as api from "$/services/models";

export class Models {
  all = $state.raw<Model[]>([]);
  suggestions = $state.raw<Suggestion[]>([]);
  loaded = $state(false);
  /** The settings `models.default` and `models.context`. */
  preferred = $state("auto");
  reserved = $state<number | null>(null);

  readonly running = $derived(this.all.filter((model) => model.running !== null));
  readonly failed = $derived(this.all.filter((model) => model.state === "failed"));
  readonly loading = $derived(this.all.filter((model) => model.state === "loading"));
  /** Models a person brought; the embedded guide is not one. */
  readonly real = $derived(this.all.filter((model) => model.source !== "embedded"));
  readonly guideOnly = $derived(this.loaded && this.real.length === 0);

  constructor(events: EventStream) {
    events.on("model", (model) => this.put(model));
    events.on("model.removed", ({ name }) => this.drop(name));
  }

  async fetch(): Promise<void> {
    this.all = (await api.list()).models;
    this.loaded = true;
  }

  async fetchSuggestions(): Promise<void> {
    this.suggestions = (await api.suggestions()).suggestions;
  }

  find(name: string | null): Model | undefined {
    return name ? this.all.find((model) => model.name === name) : undefined;
  }

  /** The model that answers when `wanted` is asked for, or none in particular. */
  answering(wanted: string | null): Model | undefined {
    return answering(this.all, wanted, this.preferred);
  }

  put(model: Model): void {
    const at = this.all.findIndex((known) => known.name === model.name);
    this.all = at < 0 ? [...this.all, model] : this.all.with(at, model);
  }

  drop(name: string): void {
    this.all = this.all.filter((model) => model.name !== name);
  }

  load = async (name: string): Promise<void> => this.put(await api.load(name));
  unload = (name: string): Promise<void> => api.unload(name);
  pin = async (name: string, pinned: boolean): Promise<void> => this.put(await api.patch(name, { pinned }));
  configure = async (name: string, settings: Generation): Promise<void> =>
    this.put(await api.patch(name, { settings }));
  arrange = async (name: string, loading: Loading): Promise<void> => this.put(await api.patch(name, { loading }));

  async add(path: string, name?: string): Promise<Model> {
    const model = await api.add(path, name);
    this.put(model);
    return model;
  }

  async forget(name: string, files = false): Promise<void> {
    await api.forget(name, files);
    this.drop(name);
  }
}
