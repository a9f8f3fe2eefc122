/** Models, what runs, suggestions, and the jobs that fetch them. */

import type { FitReport, Generation, Job, Loading, Model, Suggestion } from "$/lib/api/types";
import { namePath, request } from "./http";

export const list = (): Promise<{ models: Model[] }> => request("GET", "/models");
export const add = (path: string, name?: string): Promise<Model> =>
  request("POST", "/models", name ? { path, name } : { path });
export const patch = (
  name: string,
  fields: { pinned?: boolean; settings?: Generation; loading?: Loading },
): Promise<Model> => request("PATCH", `/models/${namePath(name)}`, fields);
export const forget = (name: string, files: boolean): Promise<void> =>
  request("DELETE", `/models/${namePath(name)}${files ? "?files=true" : ""}`);
export const load = (name: string): Promise<Model> => request("POST", "/running", { model: name });
export const fit = (name: string, loading: Loading): Promise<FitReport> => {
  const priced = ["context", "parallel", "kv_type", "gpu_layers"] as const;
  const asked = priced.filter((key) => loading[key] !== undefined).map((key) => [key, String(loading[key])]);
  return request("GET", `/models/${namePath(name)}/fit?${new URLSearchParams(asked)}`);
};
export const unload = (name: string): Promise<void> => request("DELETE", `/running/${namePath(name)}`);
export const suggestions = (): Promise<{ suggestions: Suggestion[] }> => request("GET", "/suggestions");
export const download = (model: string): Promise<Job> => request("POST", "/downloads", { model });
export const jobs = (): Promise<{ jobs: Job[] }> => request("GET", "/jobs");
export const steer = (id: string, verb: "pause" | "resume" | "cancel"): Promise<Job> =>
  request("POST", `/jobs/${encodeURIComponent(id)}/${verb}`);
