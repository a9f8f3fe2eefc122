/** The services that were added, and the models that they told of. */

import type { RemoteModel, Service, ServiceCheck } from "$/lib/api/types";
import * as api from "$/services/remote";

export class Remote {
  all = $state.raw<Service[]>([]);
  /** The models of those that were asked, by the service's name. */
  models = $state.raw<Record<string, RemoteModel[]>>({});
  /** What a service said when somebody had it checked. */
  checks = $state.raw<Record<string, ServiceCheck>>({});
  loaded = $state(false);

  async fetch(): Promise<void> {
    this.all = (await api.list()).providers;
    this.loaded = true;
  }

  /** The service that a model's name begins with. */
  owning(model: string | null): Service | undefined {
    const name = model?.toLowerCase();
    return name ? this.all.find((service) => name.startsWith(`${service.name.toLowerCase()}/`)) : undefined;
  }

  /** What is known of one of their models. */
  find(model: string | null): RemoteModel | undefined {
    const service = this.owning(model);
    return service && this.models[service.name]?.find((known) => known.name === model);
  }

  async fetchModels(name: string): Promise<void> {
    const { models } = await api.models(name);
    this.models = { ...this.models, [name]: models };
  }

  /** The models of all of them; one that is away leaves the others. */
  async fetchAllModels(): Promise<void> {
    await Promise.allSettled(this.all.map((service) => this.fetchModels(service.name)));
  }

  async add(fields: api.ServiceValues & { name: string; kind: string }): Promise<void> {
    this.put(await api.add(fields));
  }

  async change(name: string, fields: api.ServiceValues): Promise<void> {
    this.put(await api.change(name, fields));
    this.forget(name);
  }

  async check(name: string): Promise<void> {
    const found = await api.check(name);
    this.checks = { ...this.checks, [name]: found };
    await this.fetch();
  }

  async remove(name: string): Promise<void> {
    await api.remove(name);
    this.all = this.all.filter((service) => service.name !== name);
    this.forget(name);
  }

  private put(service: Service): void {
    const at = this.all.findIndex((known) => known.name === service.name);
    this.all = at < 0 ? [...this.all, service] : this.all.with(at, service);
  }

  /** What it said before is not what it would say now. */
  private forget(name: string): void {
    const without = <T>(known: Record<string, T>): Record<string, T> =>
      Object.fromEntries(Object.entries(known).filter(([key]) => key !== name));
    this.models = without(this.models);
    this.checks = without(this.checks);
  }
}
