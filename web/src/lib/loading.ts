/** What a person may set for a load: the numbers behind the sliders, and the choices of each format. */

import type { Loading } from "./api/types";

const LEAST = 256;
const UNKNOWN = 32_768;

/** The contexts to choose from: doubling from 256 up to the model's own. */
export function contexts(longest: number | null): number[] {
  const end = longest ?? UNKNOWN;
  const steps: number[] = [];
  for (let step = LEAST; step < end; step *= 2) steps.push(step);
  return [...steps, end];
}

/** The place of the step that comes nearest to a value. */
export function nearest(steps: number[], value: number): number {
  let best = 0;
  steps.forEach((step, place) => {
    if (Math.abs(step - value) < Math.abs((steps[best] ?? 0) - value)) best = place;
  });
  return best;
}

/** A part of a whole in percent, between 0 and 100. */
export const share = (part: number, whole: number): number => (whole > 0 ? Math.min(100, (100 * part) / whole) : 0);

export type Slider = "context" | "parallel" | "gpu_layers";
export type ChoiceKey = "device" | "kv_type" | "flash_attention" | "speculation" | "dtype" | "bits";

/** One list to choose from; what a list's value is in JSON follows from its words. */
export interface Choices {
  key: ChoiceKey;
  values: readonly (string | number | boolean)[];
}

const anyFormat: Choices[] = [{ key: "device", values: ["cpu", "gpu"] }];
const byFormat: Record<string, Choices[]> = {
  gguf: [
    { key: "kv_type", values: ["f16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "bf16", "f32"] },
    { key: "flash_attention", values: [true, false] },
    { key: "speculation", values: [true, false] },
  ],
  safetensors: [
    { key: "dtype", values: ["float32", "float16", "bfloat16"] },
    { key: "bits", values: [8, 4] },
  ],
};

export const choicesOf = (format: string): Choices[] => [...(byFormat[format] ?? []), ...anyFormat];

/** The same without a setting that was taken back, and with one that was made. */
export function changed<K extends keyof Loading>(loading: Loading, key: K, value: Loading[K]): Loading {
  const rest: Loading = Object.fromEntries(Object.entries(loading).filter(([name]) => name !== key));
  const empty = value === undefined || value === "" || (typeof value === "object" && !Object.keys(value).length);
  return empty ? rest : { ...rest, [key]: value };
}
