/** What a person writes down of a service, and what of it is sent. */

import type { Service, ServiceKind, WhoseKeys } from "./api/types";
import type { ServiceValues } from "$/services/remote";

export interface ServiceDraft {
  kind: string;
  name: string;
  url: string;
  /** New keys; those that a service has already are never shown. */
  keys: string[];
  variable: string;
  /** One model a line. */
  models: string;
  whose: WhoseKeys;
}

export const whoseKeys = ["either", "own", "common"] as const satisfies readonly WhoseKeys[];

export const freshService = (): ServiceDraft => ({
  kind: "",
  name: "",
  url: "",
  keys: [""],
  variable: "",
  models: "",
  whose: "either",
});

export const draftOfService = (service: Service): ServiceDraft => ({
  kind: service.kind,
  name: service.name,
  url: service.url,
  keys: [""],
  variable: service.key_env,
  models: service.models.join("\n"),
  whose: service.whose_keys,
});

/** A free name for a service of this kind: the kind's own, else with a number. */
export function freeName(kind: string, taken: string[]): string {
  if (!taken.includes(kind)) return kind;
  for (let n = 2; ; n++) if (!taken.includes(`${kind}-${n}`)) return `${kind}-${n}`;
}

const lines = (text: string): string[] => [...new Set(text.split("\n").map((line) => line.trim()))].filter(Boolean);
const typed = (keys: string[]): string[] => keys.map((key) => key.trim()).filter(Boolean);

export const isUrl = (text: string): boolean => /^https?:\/\/[^\s/]/i.test(text.trim());

/** Whether it can be sent: a kind, a name, and an address where its kind is not at home anywhere. */
export function completeService(draft: ServiceDraft, kind: ServiceKind | undefined): boolean {
  const url = draft.url.trim();
  return Boolean(kind && draft.name.trim()) && (url ? isUrl(url) : Boolean(kind?.url));
}

export function newService(draft: ServiceDraft): ServiceValues & { name: string; kind: string } {
  const keys = typed(draft.keys);
  return {
    name: draft.name.trim(),
    kind: draft.kind,
    ...(draft.url.trim() ? { url: draft.url.trim() } : {}),
    ...(draft.variable.trim() ? { key_env: draft.variable.trim() } : {}),
    ...(keys.length ? { keys } : {}),
    ...(lines(draft.models).length ? { models: lines(draft.models) } : {}),
    ...(draft.whose !== "either" ? { whose_keys: draft.whose } : {}),
  };
}

/** Only what differs; keys only where new ones were typed. */
export function changedService(draft: ServiceDraft, before: Service): ServiceValues {
  const keys = typed(draft.keys);
  const models = lines(draft.models);
  return {
    ...(draft.url.trim() !== before.url ? { url: draft.url.trim() } : {}),
    ...(draft.variable.trim() !== before.key_env ? { key_env: draft.variable.trim() } : {}),
    ...(keys.length ? { keys } : {}),
    ...(models.join("\n") !== before.models.join("\n") ? { models } : {}),
    ...(draft.whose !== before.whose_keys ? { whose_keys: draft.whose } : {}),
  };
}

/** An address on this machine: nothing that is sent there leaves it. */
export function onThisMachine(url: string): boolean {
  try {
    const { hostname } = new URL(url);
    return (
      hostname === "localhost" ||
      hostname.endsWith(".localhost") ||
      hostname === "[::1]" ||
      /^127(\.\d+){3}$/.test(hostname)
    );
  } catch {
    return false;
  }
}

export const hostOf = (url: string): string => /^https?:\/\/([^/]+)/i.exec(url)?.[1] ?? url;
