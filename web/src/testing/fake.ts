/** The fake server inside a test's own process; relative addresses lead to it. */

import { afterEach, beforeEach, vi } from "vitest";
import { Fake } from "../../dev/fake/start.mjs";

/** A fresh server for every test of the file; `speed` is in words a second. */
export function withFake(options: { empty?: boolean; speed?: number } = {}): { get fake(): Fake } {
  let fake: Fake;
  const real = globalThis.fetch;
  beforeEach(async () => {
    fake = (await new Fake({ speed: 2000, ...options }).listen()) as Fake;
    vi.stubGlobal("fetch", (path: string, init?: RequestInit) => real(fake.url + path, init));
  });
  afterEach(async () => {
    await fake.close();
    vi.unstubAllGlobals();
    localStorage.clear();
    sessionStorage.clear();
  });
  return {
    get fake() {
      return fake;
    },
  };
}

/** Waits until something is true, and says what was waited for when it never is. */
export const until = (condition: () => unknown): Promise<void> =>
  vi.waitFor(
    () => {
      if (!condition()) throw new Error(`never true: ${condition.toString()}`);
    },
    { timeout: 8000, interval: 5 },
  );
