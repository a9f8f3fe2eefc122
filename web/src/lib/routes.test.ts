import { describe, expect, it } from "vitest";
import {
  always,
  completeRoute,
  conditions,
  draftOf,
  freshRoute,
  freshStep,
  freshTrial,
  isRouteName,
  moved,
  questionOf,
  routeFrom,
  typedNumber,
} from "./routes";

const route = { ...freshRoute(), name: "r", steps: [freshStep("a"), freshStep("b")] };

describe("a route that is written", () => {
  it("moves its steps, and nothing beyond the ends", () => {
    expect(moved(["a", "b", "c"], 1, -1)).toEqual(["b", "a", "c"]);
    expect(moved(["a", "b"], 0, -1)).toEqual(["a", "b"]);
    expect(moved(["a", "b"], 1, 1)).toEqual(["a", "b"]);
  });

  it("is complete with a name and models, none of them itself", () => {
    expect(completeRoute(route)).toBe(true);
    expect(completeRoute({ ...route, name: "" })).toBe(false);
    expect(completeRoute({ ...route, steps: [freshStep("")] })).toBe(false);
    expect(completeRoute({ ...route, steps: [freshStep("r")] })).toBe(false);
    const late = { ...freshStep("a"), when: { ...always(), hours: "24:00-25:00" } };
    expect(completeRoute({ ...route, steps: [late] })).toBe(false);
  });

  it.each([
    ["a", true],
    ["my-route.2", true],
    ["-a", false],
    ["a..b", false],
    ["local", false],
    ["a/b", false],
  ])("may be called %s: %s", (name, may) => expect(isRouteName(name)).toBe(may));

  it("counts its conditions", () => {
    expect(conditions(always())).toBe(0);
    expect(conditions({ ...always(), tools: false, hours: "08:00-18:00", max_cost: 0 })).toBe(3);
  });

  it("is sent without what only the server knows, and changes nothing of what was there", () => {
    const kept = { ...route, created_at: 3 };
    const draft = draftOf(kept);
    draft.steps[0]!.model = "c";
    expect(kept.steps[0]!.model).toBe("a");
    expect("created_at" in routeFrom(draft)).toBe(false);
  });

  it("reads numbers in any digits", () => {
    expect([typedNumber("۱۲"), typedNumber("0,5"), typedNumber("")]).toEqual([12, 0.5, null]);
    expect([typedNumber("x"), typedNumber("-1"), typedNumber("1.5", { whole: true })]).toEqual(
      Array(3).fill(undefined),
    );
  });
});

describe("a call that is only thought of", () => {
  it("is as long as it is said to be, with pictures and functions", () => {
    const asked = questionOf({ ...freshTrial(), tokens: 100, tools: true, pictures: true }, "r");
    const { messages, tools } = asked.inputs as { messages: { content: { text?: string }[] }[]; tools: unknown[] };
    expect([messages[0]!.content[0]!.text!.length, messages[0]!.content.length, tools.length]).toEqual([400, 2, 1]);
  });

  it("brings a route that is not kept yet", () => {
    expect(questionOf(freshTrial(), "r", route).route!.steps).toHaveLength(2);
    expect(questionOf({ ...freshTrial(), private: true }, "r")).toMatchObject({ model: "r", private: true });
  });
});
