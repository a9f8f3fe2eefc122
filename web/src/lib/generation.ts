/** The sampling settings a person can change, with their limits; `standard` is the engine's default, null where it chooses. */

import type { Generation } from "./api/types";

export interface Field {
  key: Exclude<keyof Generation, "stop">;
  min: number;
  max: number | null;
  whole: boolean;
  standard: number | null;
}

export const fields: Field[] = [
  { key: "temperature", min: 0, max: 5, whole: false, standard: 0.8 },
  { key: "max_tokens", min: 1, max: null, whole: true, standard: null },
  { key: "top_p", min: 0, max: 1, whole: false, standard: 0.95 },
  { key: "top_k", min: 0, max: null, whole: true, standard: 40 },
  { key: "min_p", min: 0, max: 1, whole: false, standard: 0.05 },
  { key: "repetition_penalty", min: 0.01, max: 10, whole: false, standard: 1 },
  { key: "presence_penalty", min: -2, max: 2, whole: false, standard: 0 },
  { key: "frequency_penalty", min: -2, max: 2, whole: false, standard: 0 },
  { key: "seed", min: 0, max: null, whole: true, standard: null },
];

/** Reads what was typed, Persian digits and decimal commas too. null: emptied; undefined: not a number that fits. */
export function readNumber(text: string, field: Field): number | null | undefined {
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
