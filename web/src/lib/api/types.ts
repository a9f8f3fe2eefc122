/** The native API's shapes as the page uses them. Times are seconds since 1970. */

export type ModelState = "on_disk" | "loading" | "ready" | "failed";

export interface Running {
  pid: number;
  device: string;
  device_reason: string;
  memory: number;
  context: number;
  parallel: number;
  streams: number;
  tokens_per_second: number | null;
  since: number;
  last_used_at: number | null;
  load_s: number;
}

export interface Failure {
  code: string;
  message: string;
  who?: string;
  hint?: string;
}

export interface Model {
  name: string;
  title: string;
  description: string;
  task: string;
  place: string;
  source: "embedded" | "file" | "hub" | "service";
  format: string;
  engine: string;
  path: string | null;
  size: number | null;
  quantisation: string | null;
  parameters: number | null;
  context_length: number | null;
  architecture: string | null;
  license: string | null;
  languages: string[];
  settings: Generation;
  pinned: boolean;
  added_at: number | null;
  last_used_at: number | null;
  state: ModelState;
  error: Failure | null;
  running: Running | null;
}

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

export interface Session {
  id: string;
  title: string;
  model: string | null;
  system: string;
  settings: Generation;
  folder: string | null;
  pinned: boolean;
  created_at: number;
  updated_at: number;
  streaming: boolean;
}

export interface Answerer {
  model: string;
  backend: string;
  place: string;
  device: string;
  device_reason: string;
}

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  cached_tokens: number;
  first_token_s: number | null;
  total_s: number | null;
  tokens_per_second: number | null;
  prompt_tokens_per_second: number | null;
}

export type MessageState = "done" | "waiting" | "streaming" | "stopped" | "failed" | "interrupted";

export interface Message {
  id: string;
  session: string;
  parent: string | null;
  role: "user" | "assistant" | "reset";
  text: string;
  state: MessageState;
  model: string | null;
  answerer: Answerer | null;
  usage: Usage | null;
  tried: { backend: string; reason: string }[] | null;
  error: Failure | null;
  siblings: string[];
  created_at: number;
}

export type JobState = "queued" | "running" | "paused" | "done" | "failed" | "cancelled";

export interface Job {
  id: string;
  kind: string;
  title: string;
  principal: string;
  state: JobState;
  args: Record<string, unknown>;
  progress: {
    done?: number | null;
    total?: number | null;
    rate?: number | null;
    eta_s?: number | null;
    note?: string | null;
  };
  result: Record<string, unknown> | null;
  error: Failure | null;
  created_at: number;
  updated_at: number;
}

export interface Suggestion {
  name: string;
  repo: string;
  file: string;
  title: string;
  size: number;
  context_length: number | null;
  parameters: number | null;
  languages: string[];
  why: string;
  fit: { verdict: "fits" | "tight" | "no"; text: string };
  state: "absent" | "downloading" | "on_disk";
  job?: string | null;
}

export interface Notice {
  code: string;
  level: "info" | "warning" | "error";
  text: string;
  action?: string;
}

export interface Status {
  version: string;
  started_at: number;
  home: string;
  offline: boolean;
  place: string;
  principal: { id: string; name: string };
  running: Model[];
  loading: string[];
  memory: { used: number; total: number; models: number };
  models_count: number;
  notices: Notice[];
}

export type SettingValue = string | number | boolean | string[] | null;

export interface Setting {
  key: string;
  group: string;
  type: "boolean" | "integer" | "number" | "text" | "choice" | "list";
  description: string;
  default: SettingValue;
  value: SettingValue;
  source: string;
  env: string[];
  restart: boolean;
  choices: string[];
}

export interface SettingsAnswer {
  settings: Setting[];
  groups: Record<string, string>;
}

export interface Secret {
  name: string;
  set: boolean;
  source: string;
}

export interface Key {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
  revoked_at?: number | null;
}

export interface Hardware {
  cpu: { name: string; cores: number; features: string[] };
  memory: { total: number; available: number };
  gpus: { name: string; memory: number | null }[];
  disk: { path: string; free: number; total: number };
  tier: string;
  advice: string[];
}

export interface Check {
  part: string;
  ok: boolean;
  level: "ok" | "warning" | "failed";
  text: string;
  mend?: string | null;
}

export type LogLine = Record<string, unknown>;

export interface LiveCall {
  id: string;
  model: string;
  backend: string;
  principal: string;
  state: string;
  started_at: number;
  tokens: number;
}
