/** The fake server's budgets: one that is passed, one that is nearly spent, and a key's own limit. */

import { id, now } from "./state.mjs";

const DAY = 86_400;
const anew = (period) => (period === "all" ? null : (Math.floor(now() / DAY) + (period === "day" ? 1 : 9)) * DAY);

const budget = ({ spent = 0, own = false, title, ...fields }) => ({
  id: id("budget"),
  title: title ?? fields.name,
  own,
  ...fields,
  spent,
  left: Math.max(0, fields.amount - spent),
  passed: spent >= fields.amount,
  resets_at: anew(fields.period),
});

export const seededBudgets = () =>
  [
    { kind: "all", name: "", period: "month", amount: 50, hard: true, unknown: false, spent: 43.2 },
    { kind: "place", name: "groq", period: "day", amount: 2, hard: false, unknown: false, spent: 2.4 },
    { kind: "person", name: "owner", period: "all", amount: 0.5, hard: true, unknown: true, spent: 0.0124 },
    {
      kind: "key",
      name: "key_0000abcd",
      title: "laptop",
      period: "day",
      amount: 1,
      hard: true,
      unknown: false,
      own: true,
      spent: 1,
    },
  ].map((fields) => {
    const made = budget(fields);
    return [made.id, made];
  });

/** Answers below `/budgets`, as `[status, body]`; `fault` makes an error. */
export function budgets(state, method, [bid], given, fault) {
  if (method === "GET") return [200, { budgets: [...state.budgets.values()] }];
  if (method === "DELETE") {
    if (!state.budgets.delete(bid)) throw fault(404, "not_found", `There is no budget '${bid}'.`, "");
    return [204];
  }
  const same = ["kind", "name", "period", "hard"];
  const before = [...state.budgets.values()].find(
    (one) => !one.own && same.every((field) => one[field] === given[field]),
  );
  const made = { ...budget({ ...given, spent: before?.spent ?? 0 }), ...(before ? { id: before.id } : {}) };
  state.budgets.set(made.id, made);
  return [201, made];
}

/** A call that cost a dollar: what it passes is told of, what is too little refuses. */
export function charge(state) {
  for (const one of state.budgets.values()) {
    if (one.own || one.amount >= 0.001) continue;
    Object.assign(one, one.hard ? {} : { spent: 1, left: 0, passed: true });
    state.publish("budget", { ...one, state: one.hard ? "refused" : "passed" });
  }
}
