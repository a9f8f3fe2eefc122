/** Durable long work, live: downloads above all. */

import type { Job } from "$/lib/api/types";
import type { EventStream } from "$/services/events";
import * as api from "$/services/models";

const ended = new Set(["done", "cancelled"]);

export class Jobs {
  all = $state.raw<Job[]>([]);

  readonly downloads = $derived(this.all.filter((job) => job.kind === "download"));
  /** The newest build of a native engine. */
  readonly build = $derived(
    this.all.filter((job) => job.kind === "engine.build").toSorted((a, b) => b.created_at - a.created_at)[0],
  );
  readonly active = $derived(this.downloads.filter((job) => !ended.has(job.state)));

  constructor(events: EventStream) {
    events.on("job", (job) => this.put(job));
  }

  async fetch(): Promise<void> {
    this.all = (await api.jobs()).jobs;
  }

  find(id: string | null | undefined): Job | undefined {
    return id ? this.all.find((job) => job.id === id) : undefined;
  }

  /** The download that brings this model, if one is under way or failed. */
  bringing(model: string): Job | undefined {
    return this.active.find((job) => job.args.model === model);
  }

  download = async (model: string): Promise<Job> => this.put(await api.download(model));
  pause = async (id: string): Promise<Job> => this.put(await api.steer(id, "pause"));
  resume = async (id: string): Promise<Job> => this.put(await api.steer(id, "resume"));
  cancel = async (id: string): Promise<Job> => this.put(await api.steer(id, "cancel"));

  /** An answer that was overtaken by an event must not bring the older state back. */
  put(job: Job): Job {
    const at = this.all.findIndex((known) => known.id === job.id);
    if (at < 0) this.all = [job, ...this.all];
    else if (this.all[at]!.updated_at <= job.updated_at) this.all = this.all.with(at, job);
    return job;
  }
}
