import { describe, expect, it } from "vitest";
import { bars, dotsPath, frameOf, HEIGHT, linePath, roundUp, top, WIDTH, xOf } from "./plot";

const frame = { from: 0, to: 300, step: 60 };

describe("a plot", () => {
  it("ends in a round number", () => {
    expect([0, 0.013, 1, 1.1, 4.2, 70, 200].map(roundUp)).toEqual([1, 0.02, 1, 2, 5, 100, 200]);
    expect(top([{ at: 0, values: [3, 4] }], true)).toBe(10);
    expect(top([{ at: 0, values: [3, null] }], false)).toBe(5);
    expect(top([], true)).toBe(1);
  });

  it("has whole steps, none of them beyond its ends", () => {
    const whole = frameOf(61, 299, 60);
    expect(whole).toEqual({ from: 60, to: 300, step: 60 });
    const [bar] = bars([{ at: 240, values: [1] }], whole, 1);
    expect(bar!.x + bar!.width).toBeLessThanOrEqual(WIDTH);
    expect([xOf(-999, frame), xOf(999, frame)]).toEqual([0, WIDTH]);
  });

  it("breaks its lines where numbers are missing, and draws a lone one as a dot", () => {
    const samples = [0, 60, 180].map((at) => ({ at, values: [1] }));
    expect(linePath(samples, 0, frame, 1)).toBe("M60 0.0L180 0.0M420 0.0");
    expect(dotsPath(samples, 0, frame, 1)).toBe("M420 0.0h0");
    const broken = [1, null, 1, 1].map((value, n) => ({ at: n * 60, values: [value] }));
    expect(dotsPath(broken, 0, frame, 1)).toBe("M60 0.0h0");
    expect(linePath([{ at: 0, values: [null] }], 0, frame, 1)).toBe("");
  });

  it("lets bars stand on each other", () => {
    const [low, high] = bars([{ at: 0, values: [1, 0, 1] }], frame, 2);
    expect([low!.y, high!.y, high!.which]).toEqual([HEIGHT / 2, 0, 2]);
  });
});
