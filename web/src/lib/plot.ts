/** Numbers over time as shapes in a box of 600 by 120; time runs from the left, and a missing number breaks a line. */

export const WIDTH = 600;
export const HEIGHT = 120;

export interface Sample {
  at: number;
  values: (number | null)[];
}

export interface Frame {
  from: number;
  to: number;
  step: number;
}

/** Whole steps: the one that runs has its full width. */
export const frameOf = (from: number, to: number, step: number): Frame => ({
  from: Math.floor(from / step) * step,
  to: Math.ceil(to / step) * step,
  step,
});

/** A round number not below `most`: 1, 2 or 5 times a power of ten. */
export function roundUp(most: number): number {
  if (!(most > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  const by = [1, 2, 5, 10].find((factor) => factor * power >= most * (1 - 1e-9)) ?? 10;
  return by * power;
}

export const top = (samples: Sample[], stacked: boolean): number =>
  roundUp(
    Math.max(
      0,
      ...samples.map(({ values }) =>
        stacked
          ? values.reduce<number>((sum, value) => sum + (value ?? 0), 0)
          : Math.max(0, ...values.map((v) => v ?? 0)),
      ),
    ),
  );

/** Where the middle of a step lies. */
export const xOf = (at: number, { from, to, step }: Frame): number =>
  (Math.min(1, Math.max(0, (at + step / 2 - from) / Math.max(step, to - from))) * WIDTH) | 0;

const y = (value: number, most: number): string => (HEIGHT - (value / most) * HEIGHT).toFixed(1);

/** One line; a lone number is a dot. */
export function linePath(samples: Sample[], which: number, frame: Frame, most: number): string {
  let path = "";
  let before: Sample | undefined;
  for (const sample of samples) {
    const value = sample.values[which];
    if (value == null) {
      before = undefined;
      continue;
    }
    const joined = before && sample.at - before.at <= frame.step * 1.5;
    path += `${joined ? "L" : "M"}${xOf(sample.at, frame)} ${y(value, most)}${joined ? "" : "h0"}`;
    before = sample;
  }
  return path;
}

export interface Bar {
  x: number;
  y: number;
  width: number;
  height: number;
  which: number;
}

/** Bars that stand on each other. */
export function bars(samples: Sample[], frame: Frame, most: number): Bar[] {
  const width = Math.max(1.5, (frame.step / Math.max(frame.step, frame.to - frame.from)) * WIDTH * 0.8);
  return samples.flatMap(({ at, values }) => {
    let under = 0;
    return values.flatMap((value, which) => {
      if (!value) return [];
      const height = (value / most) * HEIGHT;
      under += height;
      return [{ x: xOf(at, frame) - width / 2, y: HEIGHT - under, width, height, which }];
    });
  });
}
