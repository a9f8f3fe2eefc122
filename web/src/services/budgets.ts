/** What may be spent, by whom, and how much of it is. Days and months are UTC's. */

import type { Budget } from "$/lib/api/types";
import { request } from "./http";

/** One for each kind, name, period and hardness; an older one gives way. */
export type NewBudget = Pick<Budget, "kind" | "name" | "period" | "amount" | "hard" | "unknown">;

export const list = (): Promise<{ budgets: Budget[] }> => request("GET", "/budgets");
export const set = (budget: NewBudget): Promise<Budget> => request("POST", "/budgets", budget);
export const remove = (id: string): Promise<void> => request("DELETE", `/budgets/${encodeURIComponent(id)}`);
