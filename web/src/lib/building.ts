/** The steps of a native build, as the job's note names them. */

import type { Job } from "./api/types";

export const steps = ["source", "tools", "preparing", "compiling", "comparing"] as const;
export type Step = (typeof steps)[number];

const notes: Record<string, Step> = {
  "fetching the source": "source",
  "fetching tools": "tools",
  preparing: "preparing",
  compiling: "compiling",
  "comparing it with the wheel": "comparing",
};

export const stepOf = (job: Job): Step | null => notes[job.progress.note] ?? null;

/** How a step stands to the one that is under way. */
export function stateOf(step: Step, job: Job): "done" | "now" | "later" {
  if (job.state === "done") return "done";
  const now = stepOf(job);
  if (!now) return "later";
  const order = steps.indexOf(step) - steps.indexOf(now);
  return order < 0 ? "done" : order === 0 ? "now" : "later";
}

export const going = (job: Job | undefined): boolean => job !== undefined && !["done", "cancelled"].includes(job.state);
