/** What an API key may do, as a form of plain texts, and in words. Pure. */

import type { Key, KeyLimits } from "./api/types";
import { latinDigits } from "./generation";

export const dialects = ["openai", "anthropic", "ollama", "huggingface", "native"] as const;
export const scopes = ["infer", "chat", "models", "mirror", "monitor", "admin"] as const;
export type Scope = (typeof scopes)[number];
export type Dialect = (typeof dialects)[number];

/** What people make keys for; `own` is any other choice of scopes. */
export const purposes = ["program", "mirror", "monitor", "all", "own"] as const;
export type Purpose = (typeof purposes)[number];

const scopesOf: Record<Exclude<Purpose, "own">, string[]> = {
  program: ["infer"],
  mirror: ["mirror"],
  monitor: ["monitor"],
  all: ["*"],
};

export interface Draft {
  name: string;
  /** Days from now; 0 is for ever, null keeps what was. */
  days: number | null;
  purpose: Purpose;
  chosen: Scope[];
  dialects: Dialect[];
  models: string;
  local: boolean;
  requests: string;
  tokens: string;
  atOnce: string;
  day: string;
  month: string;
}

export const numbers = ["requests", "tokens", "atOnce", "day", "month"] as const;
export type NumberField = (typeof numbers)[number];

const limited: Record<NumberField, keyof KeyLimits> = {
  requests: "requests_per_minute",
  tokens: "tokens_per_minute",
  atOnce: "at_once",
  day: "spend_per_day",
  month: "spend_per_month",
};

export function fresh(): Draft {
  const empty = { requests: "", tokens: "", atOnce: "", day: "", month: "" };
  return { name: "", days: 0, purpose: "program", chosen: ["infer"], dialects: [], models: "", local: false, ...empty };
}

export function draftOf(key: Key): Draft {
  const { limits } = key;
  const draft = { ...fresh(), name: key.name, days: null, purpose: purposeOf(key.scopes) };
  for (const field of numbers) draft[field] = limits[limited[field]] == null ? "" : String(limits[limited[field]]);
  return {
    ...draft,
    chosen: key.scopes.includes("*") ? [...scopes] : scopes.filter((scope) => key.scopes.includes(scope)),
    dialects: [...(limits.dialects ?? [])],
    models: (limits.models ?? []).join(", "),
    local: limits.places?.length === 1 && limits.places[0] === "local",
  };
}

export function purposeOf(given: string[]): Purpose {
  const same = (other: string[]): boolean => other.length === given.length && other.every((one) => given.includes(one));
  return (Object.keys(scopesOf) as Exclude<Purpose, "own">[]).find((name) => same(scopesOf[name])) ?? "own";
}

export const scopesFor = (draft: Draft): string[] => (draft.purpose === "own" ? draft.chosen : scopesOf[draft.purpose]);

/** Whether a key of these scopes can be limited at all, and to some models. */
export const limitable = (draft: Draft): boolean =>
  !scopesFor(draft).some((scope) => scope === "*" || scope === "admin");
export const narrowable = (draft: Draft): boolean =>
  scopesFor(draft).every((scope) => scope === "infer" || scope === "chat" || scope === "mirror");
export const asks = (draft: Draft): boolean => scopesFor(draft).some((scope) => scope === "infer" || scope === "chat");

/** The number in a field: null when it is empty, undefined when it is none. */
export function numberIn(draft: Draft, field: NumberField): number | null | undefined {
  const plain = latinDigits(draft[field])
    .trim()
    .replace(/[٬,\s]/g, "");
  if (!plain) return null;
  const value = Number(plain);
  const money = field === "day" || field === "month";
  return Number.isFinite(value) && (money ? value >= 0 : value >= 1 && Number.isInteger(value)) ? value : undefined;
}

export const complete = (draft: Draft): boolean =>
  draft.name.trim() !== "" &&
  scopesFor(draft).length > 0 &&
  (!asks(draft) || numbers.every((field) => numberIn(draft, field) !== undefined));

/** The limits that a draft says, without those that its scopes have no use for. `before` has what the form does not show. */
export function limitsOf(draft: Draft, before?: KeyLimits): KeyLimits {
  const limits: KeyLimits = {};
  if (!limitable(draft)) return limits;
  if (draft.dialects.length) limits.dialects = [...draft.dialects];
  const names = draft.models.split(/[,،\s]+/).filter(Boolean);
  if (narrowable(draft)) {
    if (names.length) limits.models = names;
    if (draft.local) limits.places = ["local"];
    else if (before?.places && before.places.join() !== "local") limits.places = before.places;
  }
  if (asks(draft))
    for (const field of numbers) {
      const value = numberIn(draft, field);
      if (value != null) (limits as Record<string, unknown>)[limited[field]] = value;
    }
  return limits;
}
