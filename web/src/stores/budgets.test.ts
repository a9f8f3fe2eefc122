import { describe, expect, it } from "vitest";
import { budgetFrom, completeBudget, draftOfBudget, freshBudget, shareOf, toneOf } from "$/lib/budgets";
import type { Budget } from "$/lib/api/types";
import { EventStream, type BudgetEvent } from "$/services/events";
import { until, withFake } from "$/testing/fake";
import { Budgets } from "./budgets.svelte";

const budget = (fields: Partial<Budget>): Budget => ({
  ...{ id: "budget_1", kind: "all", name: "", title: "", period: "day", amount: 10, hard: true, unknown: false },
  ...{ own: false, spent: 0, left: 10, passed: false, resets_at: null },
  ...fields,
});

describe("a budget that is written", () => {
  it("needs an amount, and a name unless it is for everything", () => {
    const draft = freshBudget();
    expect(completeBudget(draft)).toBe(false);
    expect(completeBudget({ ...draft, amount: 0 })).toBe(true);
    expect(completeBudget({ ...draft, amount: 1, kind: "place", name: " " })).toBe(false);
  });

  it("is sent without what does not count", () => {
    const sent = budgetFrom({ ...freshBudget(), name: "left over", amount: 2, hard: false, unknown: true });
    expect(sent).toEqual({ kind: "all", name: "", period: "month", amount: 2, hard: false, unknown: false });
  });

  it("is spent whole where it is of nothing, and warns before it refuses", () => {
    expect([shareOf({ spent: 0, amount: 0 }), shareOf({ spent: 30, amount: 10 })]).toEqual([1, 1]);
    expect(toneOf(budget({ spent: 7 }))).toBe("");
    expect(toneOf(budget({ spent: 8 }))).toBe("warm");
    expect(toneOf(budget({ spent: 10, passed: true }))).toBe("bad");
    expect(toneOf(budget({ spent: 10, passed: true, hard: false }))).toBe("warm");
  });
});

describe("budgets", () => {
  withFake();

  it("leave no twin behind where a hard one becomes a soft one", async () => {
    const budgets = new Budgets(new EventStream());
    await budgets.fetch();
    const before = budgets.all.find((one) => one.kind === "all")!;
    await budgets.set(budgetFrom({ ...draftOfBudget(before), hard: false }), before);
    expect(budgets.all.filter((one) => one.kind === "all").map((one) => one.hard)).toEqual([false]);
  });

  it("are told of once each, by the names that people gave, until they are changed", async () => {
    const events = new EventStream();
    const budgets = new Budgets(events);
    await budgets.fetch();
    const own = budgets.all.find((one) => one.own)!;
    const event: BudgetEvent = { ...own, state: "refused" };
    events.emit("budget", event);
    await until(() => budgets.told.length > 0);
    events.emit("budget", { ...event, amount: 99 });
    await until(() => budgets.told.at(-1)?.amount === 99);
    expect(budgets.told.map((told) => told.title)).toEqual(["laptop"]);
    budgets.dismiss(own.id);
    expect(budgets.told).toEqual([]);
  });
});
