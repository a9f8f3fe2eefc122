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
export function parts(device: Device, colours: Map<string, number>): Part[] {
  const models = device.models
    .toSorted((a, b) => b.memory - a.memory)
    .map(({ name, memory }): Part => ({ kind: "model", name, bytes: memory, hue: colours.get(name) ?? 0 }));
  const known: Part[] = [
    ...models,
    { kind: "serai", name: "", bytes: device.serai, hue: 0 },
    { kind: "others", name: "", bytes: device.others, hue: 0 },
  ];
  const taken = known.reduce((sum, part) => sum + part.bytes, 0);
  const free: Part = { kind: "free", name: "", bytes: Math.max(0, device.total - taken), hue: 0 };
  return [...known.filter((part) => part.bytes > 0), free];
}

/** Each model has the same colour on every device, and as long as there are enough of them its own. */
export function hues(devices: Device[]): Map<string, number> {
  const names = new Set(devices.flatMap((device) => device.models.map((model) => model.name)));
  return new Map([...names].sort().map((name, place) => [name, place % HUES]));
}
