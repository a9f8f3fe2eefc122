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

const joins = (before: Sample | undefined, after: Sample | undefined, which: number, frame: Frame): boolean =>
  before?.values[which] != null && after?.values[which] != null && after.at - before.at <= frame.step * 1.5;

/** Numbers without a neighbour, as points that a thick round stroke makes visible. */
export const dotsPath = (samples: Sample[], which: number, frame: Frame, most: number): string =>
  samples
    .filter(
      (sample, at) =>
        sample.values[which] != null &&
        !joins(samples[at - 1], sample, which, frame) &&
        !joins(sample, samples[at + 1], which, frame),
    )
    .map((sample) => `M${xOf(sample.at, frame)} ${y(sample.values[which]!, most)}h0`)
    .join("");

/** One line, broken where a number is missing. */
export function linePath(samples: Sample[], which: number, frame: Frame, most: number): string {
  return samples
    .map((sample, at) => {
      const value = sample.values[which];
      if (value == null) return "";
      return `${joins(samples[at - 1], sample, which, frame) ? "L" : "M"}${xOf(sample.at, frame)} ${y(value, most)}`;
    })
    .join("");
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
