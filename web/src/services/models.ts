/** Models, what runs, suggestions, and the jobs that fetch them. */

import type { Device, FitReport, Generation, Job, Loading, Model, ModelLine, Suggestion } from "$/lib/api/types";
import { i18n } from "$/locales/i18n.svelte";
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
const priced = ["context", "parallel", "kv_type", "gpu_layers", "device", "dtype", "bits", "flash_attention"] as const;
const prices = (loading: Loading): string[][] =>
  priced.filter((key) => loading[key] !== undefined).map((key) => [key, String(loading[key])]);
export const fit = (name: string, loading: Loading): Promise<FitReport> =>
  request("GET", `/models/${namePath(name)}/fit?${new URLSearchParams(prices(loading))}`);
/** Of a form that may not be here: from its headers on the hub. */
export const fitOfHub = (name: string, loading: Loading): Promise<FitReport> =>
  request("GET", `/fit?${new URLSearchParams([["model", name], ...prices(loading)])}`);
export const running = (): Promise<{ running: Model[]; budget: { devices: Device[] } }> => request("GET", "/running");
export const log = (name: string, after: number): Promise<{ lines: ModelLine[] }> =>
  request("GET", `/running/${namePath(name)}/log?after=${after}`);
export const unload = (name: string): Promise<void> => request("DELETE", `/running/${namePath(name)}`);
export const suggestions = (): Promise<{ suggestions: Suggestion[] }> =>
  request("GET", `/suggestions?language=${i18n.language}`);
export const download = (model: string): Promise<Job> => request("POST", "/downloads", { model });
export const jobs = (): Promise<{ jobs: Job[] }> => request("GET", "/jobs");
export const steer = (id: string, verb: "pause" | "resume" | "cancel"): Promise<Job> =>
  request("POST", `/jobs/${encodeURIComponent(id)}/${verb}`);
export const prioritise = (id: string, priority: number): Promise<Job> =>
  request("PATCH", `/jobs/${encodeURIComponent(id)}`, { priority });
export const forgetJob = (id: string): Promise<void> => request("DELETE", `/jobs/${encodeURIComponent(id)}`);
export const clearJobs = (kind: string): Promise<{ removed: string[] }> => request("DELETE", `/jobs?kind=${kind}`);
