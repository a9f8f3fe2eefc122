/** Routes, and what one would do with a call now. */

import type { Plan, Route } from "$/lib/api/types";
import { request } from "./http";

/** A call whose way is asked for; it is not made. */
export interface Question {
  model: string;
  task: string;
  inputs?: Record<string, unknown>;
  private?: boolean;
  /** A route as it is being written, in place of the one that is kept. */
  route?: Route;
}

const at = (name: string): string => `/routes/${encodeURIComponent(name)}`;

export const list = (): Promise<{ routes: Route[] }> => request("GET", "/routes");
export const put = ({ name, ...body }: Route): Promise<Route> => request("PUT", at(name), body);
export const remove = (name: string): Promise<void> => request("DELETE", at(name));
export const plan = (question: Question): Promise<Plan> => request("POST", "/routes/plan", question);
