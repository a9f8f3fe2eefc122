/** The Endpoints of a namespace; made anew for each that is looked at. */

import type { Endpoint, EndpointCost, Job } from "$/lib/api/types";
import { endpointFrom, type EndpointDraft } from "$/lib/endpoints";
import { poll } from "$/lib/poll";
import * as api from "$/services/endpoints";
import type { EventStream } from "$/services/events";
import type { Jobs } from "./jobs.svelte";

const LOOK_MS = 10_000;
const WAIT = "endpoint.wait";
const under = ["queued", "running"];

export class Endpoints {
  all = $state.raw<Endpoint[]>([]);

  constructor(
    private readonly jobs: Jobs,
    private readonly events: EventStream,
    readonly where: api.Where,
  ) {}

  /** Keeps them up to date until what it returns is called: now and then, and at once where somebody waited for one. */
  watch = (): (() => void) => {
    const end = poll(LOOK_MS, () => this.fetch());
    const off = this.events.on("job", ({ kind, state }) => {
      if (kind === WAIT && !under.includes(state)) void this.fetch().catch(() => undefined);
    });
    return () => (end(), off());
  };

  async fetch(): Promise<void> {
    this.all = (await api.list(this.where)).endpoints;
  }

  /** The job that waits until one runs, while it does. */
  waiting({ name, namespace }: Endpoint): Job | undefined {
    return this.jobs.all.find(
      (job) =>
        job.kind === WAIT && job.args.name === name && job.args.namespace === namespace && under.includes(job.state),
    );
  }

  /** Creates one that costs no more than what was shown. */
  async create(draft: EndpointDraft, cost: EndpointCost | null): Promise<void> {
    const made = await api.create(endpointFrom(draft, cost), this.where);
    this.all = [...this.all.filter((one) => one.name !== made.name), made];
  }

  /** Resumed, it costs no more than what is shown of it. */
  async act({ name, cost }: Endpoint, verb: api.Verb): Promise<void> {
    const most = cost.most === null ? {} : { max_hourly: cost.most };
    const now = await api.act(name, verb, this.where, most);
    this.all = this.all.map((one) => (one.name === name ? now : one));
  }

  async wait(name: string): Promise<void> {
    this.jobs.put(await api.wait(name, this.where));
  }

  async remove({ name }: Endpoint): Promise<void> {
    await api.remove(name, this.where);
    this.all = this.all.filter((one) => one.name !== name);
  }
}
