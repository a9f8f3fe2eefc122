import { describe, expect, test } from "vitest";
import type { Key } from "./api/types";
import { complete, draftOf, fresh, limitable, limitsOf, narrowable, numberIn, purposeOf, scopesFor } from "./keys";

const key: Key = {
  id: "key_1",
  name: "bot",
  prefix: "serai-Xk3f",
  scopes: ["infer"],
  limits: { models: ["org/*"], places: ["cloud"], dialects: ["openai"], requests_per_minute: 60, spend_per_day: 0 },
  created_at: 1,
  expires_at: null,
  revoked_at: null,
  last_used_at: null,
  former_until: null,
};

describe("a key's draft", () => {
  test("gives back the limits that it was made of, shown or not", () => {
    expect(limitsOf(draftOf(key), key.limits)).toEqual(key.limits);
  });

  test("drops what its scopes have no use for", () => {
    const draft = { ...draftOf(key), purpose: "monitor" as const };
    expect(limitsOf(draft)).toEqual({ dialects: ["openai"] });
    expect(limitsOf({ ...draft, purpose: "all" })).toEqual({});
  });

  test("knows the purposes by their scopes, in any order", () => {
    expect(purposeOf(["*"])).toBe("all");
    expect(purposeOf(["chat", "infer"])).toBe("own");
    expect(scopesFor(draftOf({ ...key, scopes: ["chat", "infer"] }))).toEqual(["infer", "chat"]);
  });

  test("reads numbers in any digits, and knows what is none", () => {
    const draft = { ...fresh(), requests: "۱٬۰۰۰", day: "0", tokens: "1.5", month: "x" };
    expect([numberIn(draft, "requests"), numberIn(draft, "day"), numberIn(draft, "atOnce")]).toEqual([1000, 0, null]);
    expect([numberIn(draft, "tokens"), numberIn(draft, "month")]).toEqual([undefined, undefined]);
  });

  test("is complete with a name, scopes and numbers that are some", () => {
    const draft = { ...fresh(), name: "bot" };
    expect(complete(draft)).toBe(true);
    expect(complete({ ...draft, name: " " })).toBe(false);
    expect(complete({ ...draft, purpose: "own", chosen: [] })).toBe(false);
    expect(complete({ ...draft, tokens: "x" })).toBe(false);
  });

  test("is limited only where that means something", () => {
    const own = (...chosen: ("infer" | "models" | "admin")[]) => ({ ...fresh(), purpose: "own" as const, chosen });
    expect([limitable(own("infer", "admin")), limitable(own("models"))]).toEqual([false, true]);
    expect([narrowable(own("models")), narrowable(own("infer"))]).toEqual([false, true]);
  });
});
