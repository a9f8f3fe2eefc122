/** The native API's shapes as the page uses them, taken from the generated schema. Times are seconds since 1970. */

import type { components } from "./schema";

type Shapes = components["schemas"];

/** What is set for generation; only what was changed is there. */
export interface Generation {
  temperature?: number;
  top_p?: number;
  top_k?: number;
  min_p?: number;
  repetition_penalty?: number;
  presence_penalty?: number;
  frequency_penalty?: number;
  seed?: number;
  max_tokens?: number;
  stop?: string[];
}

/** The error envelope's content as far as the page shows it. */
export interface Failure {
  code: string;
  message: string;
  who?: string;
  hint?: string;
}

type Failing<T> = Omit<T, "error"> & { error: Failure | null };
type Generating<T> = Omit<T, "settings"> & { settings: Generation };
type Loaded<T> = Omit<T, "loading"> & { loading: Loading };

/** How a model is loaded; only what was set is there. */
export interface Loading {
  context?: number;
  parallel?: number;
  gpu_layers?: number;
  kv_type?: string;
}

export type Running = Shapes["Running"];
export type Model = Loaded<Generating<Failing<Shapes["Model"]>>>;
export type FitReport = Loaded<Omit<Shapes["Fit"], "would_fit">> & { would_fit: Loaded<Shapes["Offer"]>[] };
export type ModelState = Model["state"];
export type Session = Generating<Shapes["Session"]>;
export type Answerer = Shapes["Answerer"];
export type Usage = Shapes["Usage"];
export type Message = Failing<Shapes["Message"]>;
export type MessageState = Message["state"];
export type Job = Failing<Shapes["Job"]>;
export type JobState = Job["state"];
export type Suggestion = Shapes["Suggestion"];
export type Notice = Shapes["Notice"];
export type Status = Omit<Shapes["Status"], "running"> & { running: Model[] };
export type Setting = Shapes["Setting"];
export type SettingValue = Setting["value"];
export type SettingsAnswer = Shapes["SettingList"];
export type Secret = Shapes["Secret"];
export type Key = Shapes["Key"];
export type Hardware = Shapes["Hardware"];
export type Check = Shapes["Check"];
export type LogLine = Shapes["LogLines"]["lines"][number];
export type LiveCall = Shapes["Call"];
