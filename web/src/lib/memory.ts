/** A device's memory as parts of one bar. */

import type { Device } from "./api/types";

export interface Part {
  kind: "model" | "serai" | "others" | "free";
  /** The model's name. */
  name: string;
  bytes: number;
  /** Which of the colours a model has. */
  hue: number;
}

export const HUES = 5;

/** Models first, the largest first, then Serai, other programs and what is free: together the device's whole memory. */
export function parts(device: Device): Part[] {
  const models = device.models
    .toSorted((a, b) => b.memory - a.memory)
    .map(({ name, memory }): Part => ({ kind: "model", name, bytes: memory, hue: hueOf(name) }));
  const known: Part[] = [
    ...models,
    { kind: "serai", name: "", bytes: device.serai, hue: 0 },
    { kind: "others", name: "", bytes: device.others, hue: 0 },
  ];
  const taken = known.reduce((sum, part) => sum + part.bytes, 0);
  const free: Part = { kind: "free", name: "", bytes: Math.max(0, device.total - taken), hue: 0 };
  return [...known.filter((part) => part.bytes > 0), free];
}

/** A model keeps its colour whatever else runs. */
export function hueOf(name: string): number {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)!) % 9973;
  return sum % HUES;
}
