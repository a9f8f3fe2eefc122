/** The server itself: status, settings, secrets, keys, hardware, doctor, logs. */

import type {
  Check,
  Engines,
  Hardware,
  Job,
  Key,
  KeyLimits,
  LogLine,
  Secret,
  SettingsAnswer,
  SettingValue,
  Status,
} from "$/lib/api/types";
import { i18n } from "$/locales/i18n.svelte";
import { request } from "./http";

/** What is said of a key; what is left out stays as it is. */
export interface KeyValues {
  name?: string;
  expires_at?: number | null;
  scopes?: string[];
  limits?: KeyLimits;
}

const named = (path: string, id: string): string => `${path}/${encodeURIComponent(id)}`;

export const status = (): Promise<Status> => request("GET", "/status");
export const settings = (): Promise<SettingsAnswer> => request("GET", "/settings");
export const change = (values: Record<string, SettingValue>): Promise<SettingsAnswer> =>
  request("PATCH", "/settings", values);
export const secrets = (): Promise<{ secrets: Secret[] }> => request("GET", "/secrets");
export const setSecret = (name: string, value: string): Promise<unknown> =>
  request("PUT", named("/secrets", name), { value });
export const deleteSecret = (name: string): Promise<void> => request("DELETE", named("/secrets", name));
export const keys = (): Promise<{ keys: Key[] }> => request("GET", "/keys");
export const createKey = (key: KeyValues & { name: string }): Promise<Key & { plain: string }> =>
  request("POST", "/keys", key);
export const changeKey = (id: string, values: KeyValues): Promise<Key> => request("PATCH", named("/keys", id), values);
export const rotateKey = (id: string, grace_s: number): Promise<Key & { plain: string }> =>
  request("POST", `${named("/keys", id)}/rotate`, { grace_s });
export const revokeKey = (id: string): Promise<void> => request("DELETE", named("/keys", id));
export const hardware = (): Promise<Hardware> => request("GET", `/hardware?language=${i18n.language}`);
export const doctor = (): Promise<{ checks: Check[] }> => request("GET", `/doctor?language=${i18n.language}`);
export const version = (): Promise<Record<string, string>> => request("GET", "/version");
export const logs = (part: string, lines: number): Promise<{ parts: string[]; lines: LogLine[] }> =>
  request("GET", `/logs?part=${encodeURIComponent(part)}&lines=${lines}`);

export const engines = (): Promise<Engines> => request("GET", "/engines");
export const useEngine = (name: string): Promise<Engines> => request("PUT", "/engines/use", { name });
export const removeEngine = (name: string): Promise<void> => request("DELETE", named("/engines", name));
export const buildEngine = (): Promise<Job> => request("POST", "/engines/build");
