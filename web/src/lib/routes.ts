/** A route while it is written: fresh parts, moved steps, what is complete, and the call that tries it. */

import type { Route, RouteCondition, RouteStep, Strategy } from "./api/types";
import type { Question } from "$/services/routes";
import { latinDigits } from "./generation";

export const strategies: Strategy[] = ["order", "balance", "local", "remote", "cheapest", "fastest"];
export const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Day = (typeof days)[number];
/** The tasks a condition or a trial offers; the server knows more. */
export const tasks = [
  "chat",
  "text-generation",
  "feature-extraction",
  "text-classification",
  "summarization",
  "translation",
  "text-to-image",
  "automatic-speech-recognition",
  "text-to-speech",
] as const;
export const MOST_STEPS = 32;

export const always = (): RouteCondition => ({
  tasks: [],
  prompt_min: null,
  prompt_max: null,
  tools: null,
  pictures: null,
  hours: "",
  days: [],
  max_cost: null,
});

export const freshStep = (model = ""): RouteStep => ({ model, weight: 1, when: always() });

export const freshRoute = (): Route => ({
  name: "",
  title: "",
  strategy: "order",
  steps: [freshStep()],
  private: false,
  attempts: 1,
  first_token_s: null,
  total_s: null,
  hedge_s: null,
  goes_on: false,
});

/** A copy to write in, with what an older server may not have told. */
export const draftOf = (route: Route): Route => ({
  ...freshRoute(),
  ...structuredClone(route),
  steps: route.steps.map((step) => ({ ...step, when: { ...always(), ...structuredClone(step.when) } })),
});

/** As it is sent: only the fields of a route. */
export const routeFrom = (draft: Route): Route =>
  Object.fromEntries(
    Object.keys(freshRoute()).map((key) => [key, structuredClone(draft[key as keyof Route])]),
  ) as unknown as Route;

/** One step up (-1) or down (1); at an end nothing moves. */
export function moved<T>(list: T[], at: number, by: -1 | 1): T[] {
  const to = at + by;
  if (to < 0 || to >= list.length) return list;
  return list.with(at, list[to]!).with(to, list[at]!);
}

export const isRouteName = (name: string): boolean =>
  /^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/.test(name) && !name.includes("..") && name !== "local";

export const isHours = (text: string): boolean =>
  text === "" || /^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/.test(text);

export const completeRoute = (route: Route): boolean =>
  isRouteName(route.name) &&
  route.steps.length > 0 &&
  route.steps.every((step) => step.model.trim() && step.model.trim() !== route.name && isHours(step.when.hours));

/** The number that was typed, null for an empty field, undefined for what is no such number. */
export function typedNumber(
  text: string,
  { whole = false, least = 0, most = Infinity } = {},
): number | null | undefined {
  const plain = latinDigits(text).trim().replace(/[٫,]/, ".");
  if (plain === "") return null;
  const value = Number(plain);
  return Number.isFinite(value) && value >= least && value <= most && (!whole || Number.isInteger(value))
    ? value
    : undefined;
}

/** How many conditions there are. */
export const conditions = (when: RouteCondition): number =>
  Object.values(when).filter((value) => (Array.isArray(value) ? value.length > 0 : value !== null && value !== ""))
    .length;

/** A call that is only thought of. */
export interface Trial {
  task: string;
  text: string;
  /** As long as so many tokens, where that is more than the text. */
  tokens: number | null;
  tools: boolean;
  pictures: boolean;
  private: boolean;
}

export const freshTrial = (): Trial => ({
  task: "chat",
  text: "",
  tokens: null,
  tools: false,
  pictures: false,
  private: false,
});

const PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";
const tool = { type: "function", function: { name: "look_up", parameters: { type: "object", properties: {} } } };

/** What is asked of the server; a prompt of a length is made of words that mean nothing. */
export function questionOf(trial: Trial, model: string, route?: Route): Question {
  const text = trial.text.padEnd((trial.tokens ?? 0) * 4, " word");
  const content = trial.pictures
    ? [
        { type: "text", text },
        { type: "image_url", image_url: { url: PIXEL } },
      ]
    : text;
  const chat = trial.task === "chat";
  return {
    model,
    task: trial.task,
    inputs: {
      ...(chat ? { messages: [{ role: "user", content }] } : { inputs: text }),
      ...(trial.tools ? { tools: [tool] } : {}),
    },
    ...(trial.private ? { private: true } : {}),
    ...(route ? { route: routeFrom(route) } : {}),
  };
}
