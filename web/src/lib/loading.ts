/** The numbers behind the sliders of the load dialog. */

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
