/** Durable long work, live: downloads above all. */

import type { Job } from "$/lib/api/types";
import type { EventStream } from "$/services/events";
import * as api from "$/services/models";

const ended = new Set(["done", "cancelled"]);
const moving = new Set(["running", "queued"]);

/** What a priority is called, and the number it stands for. */
export const priorities = { high: 10, normal: 0, low: -10 } as const;
export type Priority = keyof typeof priorities;
export const priorityOf = (job: Job): Priority => (job.priority > 0 ? "high" : job.priority < 0 ? "low" : "normal");

export class Jobs {
  all = $state.raw<Job[]>([]);

  readonly downloads = $derived(this.all.filter((job) => job.kind === "download"));
  /** The newest build of a native engine. */
  readonly build = $derived(
    this.all.filter((job) => job.kind === "engine.build").toSorted((a, b) => b.created_at - a.created_at)[0],
  );
  readonly active = $derived(this.downloads.filter((job) => !ended.has(job.state)));
  readonly moving = $derived(this.active.filter((job) => moving.has(job.state)));
  readonly failed = $derived(this.active.filter((job) => job.state === "failed"));
  readonly over = $derived(this.downloads.filter((job) => ended.has(job.state)));
  /** All downloads that are under way, as one; of those that wait, only what is known of their size. */
  readonly together = $derived.by(() => {
    const sum = (of: (job: Job) => number | null): number => this.moving.reduce((n, job) => n + (of(job) ?? 0), 0);
    const [done, total] = [sum(({ progress }) => progress.done), sum(({ progress }) => progress.total)];
    const rate = sum((job) => (job.state === "running" ? job.progress.rate : 0));
    return { done, total, rate, left: rate > 0 ? Math.max(0, total - done) / rate : null };
  });

  constructor(events: EventStream) {
    events.on("job", (job) => this.put(job));
    events.on("job.removed", ({ id }) => this.drop(id));
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
  prioritise = async (id: string, priority: Priority): Promise<Job> =>
    this.put(await api.prioritise(id, priorities[priority]));

  /** Takes one that has ended off the list. */
  async forget(id: string): Promise<void> {
    await api.forgetJob(id);
    this.drop(id);
  }

  /** Takes all downloads off the list that have ended. */
  async clear(): Promise<void> {
    for (const id of (await api.clearJobs("download")).removed) this.drop(id);
  }

  async pauseAll(): Promise<void> {
    await Promise.all(this.moving.map((job) => this.pause(job.id)));
  }

  async resumeAll(): Promise<void> {
    await Promise.all(this.active.filter((job) => job.state === "paused").map((job) => this.resume(job.id)));
  }

  /** An answer that was overtaken by an event must not bring the older state back. */
  put(job: Job): Job {
    const at = this.all.findIndex((known) => known.id === job.id);
    if (at < 0) this.all = [job, ...this.all];
    else if (this.all[at]!.updated_at <= job.updated_at) this.all = this.all.with(at, job);
    return job;
  }

  private drop(id: string): void {
    this.all = this.all.filter((job) => job.id !== id);
  }
}
