/** The sampling settings a person can change, with their limits; `standard` is the engine's default, null where it chooses. */

import type { Generation } from "./api/types";

/** The settings that are numbers. */
export type NumberKey = {
  [K in keyof Required<Generation>]: Required<Generation>[K] extends number ? K : never;
}[keyof Generation];

export interface Range {
  min: number;
  max: number | null;
  whole: boolean;
}

export interface Field extends Range {
  key: NumberKey;
  standard: number | null;
}

const field = (key: NumberKey, min: number, max: number | null, standard: number | null, whole = false): Field => ({
  key,
  min,
  max,
  whole,
  standard,
});

/** What most people want to change. */
export const usual: Field[] = [
  field("temperature", 0, 5, 0.8),
  field("max_tokens", 1, null, null, true),
  field("top_p", 0, 1, 0.95),
  field("seed", 0, null, null, true),
];

/** The rest, by what it is about. */
export const groups = {
  choosing: [
    field("top_k", 0, null, 40, true),
    field("min_p", 0, 1, 0.05),
    field("typical_p", 0, 1, 1),
    field("top_n_sigma", -1, 100, -1),
    field("xtc_probability", 0, 1, 0),
    field("xtc_threshold", 0, 1, 0.1),
    field("dynatemp_range", 0, 5, 0),
    field("dynatemp_exponent", 0, 10, 1),
    field("mirostat", 0, 2, 0, true),
    field("mirostat_tau", 0, 20, 5),
    field("mirostat_eta", 0, 1, 0.1),
  ],
  repeating: [
    field("repetition_penalty", 0.01, 10, 1),
    field("presence_penalty", -2, 2, 0),
    field("frequency_penalty", -2, 2, 0),
    field("repetition_window", 0, 1_000_000, 64, true),
    field("dry_multiplier", 0, 100, 0),
    field("dry_base", 1, 10, 1.75),
    field("dry_allowed_length", 0, 10_000, 2, true),
    field("dry_penalty_last_n", 0, 1_000_000, null, true),
  ],
  thinking: [field("reasoning_budget", -1, 1_000_000, -1, true)],
} satisfies Record<string, Field[]>;

/** Reads what was typed, Persian digits and decimal commas too. null: emptied; undefined: not a number that fits. */
export function readNumber(text: string, field: Range): number | null | undefined {
  const plain = latinDigits(text).trim().replace(/[٫,]/, ".");
  if (plain === "") return null;
  const value = Number(plain);
  const fits = Number.isFinite(value) && value >= field.min && (field.max === null || value <= field.max);
  return fits && (!field.whole || Number.isInteger(value)) ? value : undefined;
}

export const latinDigits = (text: string): string =>
  text.replace(/[۰-۹٠-٩]/g, (digit) => String(digit.charCodeAt(0) & 0xf));

/** One stop text a line; `\n` stands for a line break. */
export function parseStops(text: string): string[] | null {
  const stops = text
    .split("\n")
    .filter(Boolean)
    .map((line) => line.replaceAll("\\n", "\n"));
  return stops.length ? stops : null;
}

export const showStops = (stops: string[] | undefined): string =>
  (stops ?? []).map((stop) => stop.replaceAll("\n", "\\n")).join("\n");

/** One `name: number` a line, such as `15043: -100`. null: emptied; undefined: a line that is none. */
export function parsePairs(text: string): Record<string, number> | null | undefined {
  const lines = text.split("\n").filter((line) => line.trim());
  const pairs = lines.map((line) => /^\s*(.+?)\s*[:=]\s*(\S+)\s*$/.exec(latinDigits(line).replace("٫", ".")));
  if (pairs.some((pair) => !pair || !Number.isFinite(Number(pair[2])))) return undefined;
  return lines.length ? Object.fromEntries(pairs.map((pair) => [pair![1]!, Number(pair![2])])) : null;
}

export const showPairs = (pairs: Record<string, number> | undefined): string =>
  Object.entries(pairs ?? {})
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");

/** What an answer must look like; the API takes a grammar or a format, never both. */
export const forms = ["free", "json_object", "json_schema", "grammar"] as const;
export type Form = (typeof forms)[number];

export function formOf({ grammar, response_format }: Generation): Form {
  if (grammar !== undefined) return "grammar";
  return response_format && response_format.type !== "text" ? response_format.type : "free";
}

/** The settings with another form of the answer; a schema's text that is no JSON object is undefined. */
export function withForm(values: Generation, form: Form, text: string): Generation | undefined {
  const rest = { ...values };
  delete rest.grammar;
  delete rest.response_format;
  if (form === "free") return rest;
  if (form === "json_object") return { ...rest, response_format: { type: form } };
  if (form === "grammar") return text.trim() ? { ...rest, grammar: text } : rest;
  const schema = parseObject(text);
  return schema && { ...rest, response_format: { type: form, json_schema: { name: "answer", schema } } };
}

export const textOf = (values: Generation): string =>
  values.grammar ??
  (values.response_format?.json_schema ? JSON.stringify(values.response_format.json_schema.schema, null, 2) : "");

function parseObject(text: string): object | undefined {
  try {
    const read: unknown = JSON.parse(text);
    return read && typeof read === "object" && !Array.isArray(read) ? read : undefined;
  } catch {
    return undefined;
  }
}
