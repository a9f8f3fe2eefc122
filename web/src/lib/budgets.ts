/** A budget while it is written, how far one is spent, and whose it is in words. */

import { t } from "$/locales/i18n.svelte";
import type { NewBudget } from "$/services/budgets";
import type { Budget } from "./api/types";

export const kinds: Budget["kind"][] = ["all", "place", "model", "key", "person", "session"];
export const periods: Budget["period"][] = ["day", "month", "all"];

export interface BudgetDraft extends Omit<NewBudget, "amount"> {
  amount: number | null;
}

export const freshBudget = (): BudgetDraft => ({
  kind: "all",
  name: "",
  period: "month",
  amount: null,
  hard: true,
  unknown: false,
});

export const draftOfBudget = ({ kind, name, period, amount, hard, unknown }: Budget): BudgetDraft => ({
  kind,
  name,
  period,
  amount,
  hard,
  unknown,
});

export const completeBudget = (draft: BudgetDraft): boolean =>
  draft.amount !== null && (draft.kind === "all" || draft.name.trim() !== "");

/** As it is sent: everything has no name, and a soft budget refuses nothing, whatever a price is. */
export const budgetFrom = (draft: BudgetDraft): NewBudget => ({
  ...draft,
  name: draft.kind === "all" ? "" : draft.name.trim(),
  amount: draft.amount ?? 0,
  unknown: draft.hard && draft.unknown,
});

/** From 0 to 1; of nothing all is spent. */
export const shareOf = ({ spent, amount }: Pick<Budget, "spent" | "amount">): number =>
  amount > 0 ? Math.min(1, spent / amount) : 1;

export type Tone = "" | "warm" | "bad";

/** Hard ones warn from four fifths on; what is passed warns, or refuses. */
export const toneOf = (budget: Budget): Tone =>
  budget.passed ? (budget.hard ? "bad" : "warm") : budget.hard && shareOf(budget) >= 0.8 ? "warm" : "";

/** Whose it is; `session` finds a chat's title. */
export function whose(
  { kind, name, title }: Pick<Budget, "kind" | "name" | "title">,
  session: (id: string) => string | undefined,
): string {
  if (kind === "all") return t("budgets.kind.all");
  if (kind === "person" && name === "owner") return t("foot.owner");
  if (kind === "session") return session(name) || name;
  return title || name;
}
