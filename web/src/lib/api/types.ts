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
  typical_p?: number;
  top_n_sigma?: number;
  dynatemp_range?: number;
  dynatemp_exponent?: number;
  xtc_probability?: number;
  xtc_threshold?: number;
  dry_multiplier?: number;
  dry_base?: number;
  dry_allowed_length?: number;
  dry_penalty_last_n?: number;
  dry_sequence_breakers?: string[];
  repetition_window?: number;
  mirostat?: number;
  mirostat_tau?: number;
  mirostat_eta?: number;
  samplers?: string[];
  ignore_eos?: boolean;
  logit_bias?: Record<string, number>;
  grammar?: string;
  response_format?: ResponseFormat;
  reasoning?: boolean;
  reasoning_budget?: number;
  lora?: Record<string, number>;
  truncation?: "refuse" | "oldest";
}

export interface ResponseFormat {
  type: "text" | "json_object" | "json_schema";
  json_schema?: { name?: string; schema: unknown };
}

/** The error envelope's content as far as the page shows it. */
export interface Failure {
  code: string;
  message: string;
  who?: string;
  hint?: string;
  facts?: Record<string, unknown>;
}

type Failing<T> = Omit<T, "error"> & { error: Failure | null };
type Generating<T> = Omit<T, "settings"> & { settings: Generation };
type Loaded<T> = Omit<T, "loading"> & { loading: Loading };

/** How a model is loaded; only what was set is there. */
export interface Loading {
  engine?: string;
  device?: "cpu" | "gpu";
  context?: number;
  parallel?: number;
  threads?: number;
  gpu_layers?: number;
  kv_type?: string;
  flash_attention?: boolean;
  dtype?: string;
  bits?: number;
  projector?: string;
  adapters?: Record<string, number>;
  speculation?: boolean;
}

export type Running = Shapes["Running"];
export type Starting = Shapes["Starting"];
/** A device's memory, with who holds how much of it. */
export type Device = Shapes["Budget"]["devices"][number];
export type ModelLine = Shapes["LogLine"];
export type LlamaServer = Shapes["LlamaServer"];
export type Runtime = Shapes["Runtime"];
export type Engines = Shapes["LlamaServerList"];
export type Model = Loaded<Generating<Failing<Shapes["Model"]>>>;
export type FitReport = Loaded<Omit<Shapes["Fit"], "would_fit">> & { would_fit: Loaded<Shapes["Offer"]>[] };
export type ModelState = Model["state"];
/** The place of everything that runs on this machine; a service's place is its own name. */
export const LOCAL = "local";

export type Session = Generating<Shapes["Session"]>;
export type Answerer = Shapes["Answerer"];
export type Usage = Shapes["Usage"];
export type Attempt = Shapes["Attempt"];
export type Message = Failing<Shapes["Message"]>;
export type MessageState = Message["state"];
export type Job = Failing<Shapes["Job"]>;
export type JobState = Job["state"];
export type Suggestion = Shapes["Suggestion"];
export type HubModel = Shapes["HubModel"];
export type HubSearchAnswer = Omit<Shapes["HubModelList"], "reason"> & { reason: Failure | null };
export type HubVariant = Shapes["HubVariant"];
export type HubModelPage = Omit<Shapes["HubModelPage"], "reason" | "unusable"> & {
  reason: Failure | null;
  unusable: Failure | null;
};
export type StoreOverview = Shapes["Overview"];
export type Stored = Shapes["StoredWithFiles"];
export type Update = Shapes["Update"];
export type Notice = Shapes["Notice"];
export type Status = Omit<Shapes["Status"], "running"> & { running: Model[] };
export type Setting = Shapes["Setting"];
export type SettingValue = Setting["value"];
export type SettingsAnswer = Shapes["SettingList"];
export type Secret = Shapes["Secret"];
export type Key = Shapes["Key"];
export type KeyLimits = Shapes["Limits"];
export type Hardware = Shapes["Hardware"];
export type Check = Shapes["Check"];
export type LogLine = Shapes["LogLines"]["lines"][number];
export type LiveCall = Shapes["Call"];
export type ServiceKind = Shapes["Kind"];
export type Service = Failing<Shapes["Provider"]>;
/** What a reader who may not see services and routes as they are set up is told of them. */
export type Destinations = Shapes["DestinationList"];
export type ServiceCheck = Failing<Shapes["ServiceCheck"]>;
export type RemoteModel = Shapes["RemoteModel"];
export type OwnKeys = Shapes["OwnKeys"];
export type WhoseKeys = OwnKeys["whose_keys"];

/** When a step of a route may be taken; what is null or empty asks nothing. */
export type RouteCondition = Required<Shapes["RouteConditions"]>;
export type RouteStep = Omit<Required<Shapes["RouteStep"]>, "when"> & { when: RouteCondition };
/** A named policy over models. */
export type Route = Omit<Required<Shapes["NamedRoute"]>, "steps"> & { steps: RouteStep[] };
export type Strategy = Route["strategy"];
/** What would happen to a call now. */
export type Plan = Shapes["RoutePlan"];

/** What calls came to. */
export type Stats = Shapes["Stats"];
export type Numbers = Shapes["Numbers"];
export type Spread = Shapes["Spread"];
export type Point = Shapes["Point"];
export type Group = Shapes["Group"];
export type PastCall = Shapes["PastCall"];
export type Inspected = Shapes["Inspected"];
/** A model and its price; null is not known, which is not nothing. */
export type Priced = Shapes["Priced"];
export type Price = Shapes["Price"];

/** What may be spent, and how much of it is; in US dollars. */
export type Budget = Shapes["MoneyBudget"];

/** A dedicated machine at Hugging Face; what it costs is null where nobody knows. */
export type Endpoint = Shapes["EndpointOut"];
export type EndpointCost = Shapes["CostOut"];
export type EndpointHardware = Shapes["HardwareOut"];

/** An address that is told of events. */
export type Hook = Shapes["Hook"];
export type HookTest = Shapes["HookTest"];
