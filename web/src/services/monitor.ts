/** What is answered now, what was, and what it came to. */

import type { Inspected, LiveCall, PastCall, Stats } from "$/lib/api/types";
import { request } from "./http";

export const grouped = ["model", "backend", "place", "key", "task", "dialect"] as const;
export type By = (typeof grouped)[number];

/** By what calls that ended can be told from each other; empty asks nothing. */
export const filters = ["model", "backend", "key", "error"] as const;
export type Filter = (typeof filters)[number];

export type HistoryQuery = Partial<Record<Filter | "status" | "after", string>>;

const query = (fields: object): string => {
  const pairs = Object.entries(fields).filter(([, value]) => value !== undefined && value !== "");
  return new URLSearchParams(pairs.map(([key, value]) => [key, String(value)])).toString();
};

export const live = (): Promise<{ calls: LiveCall[] }> => request("GET", "/calls");
export const cancel = (id: string): Promise<void> => request("DELETE", `/calls/${encodeURIComponent(id)}`);
export const stats = (by: By | Filter, from: number): Promise<Stats> => request("GET", `/stats?${query({ by, from })}`);
export const history = (asked: HistoryQuery): Promise<{ calls: PastCall[]; next: string | null }> =>
  request("GET", `/calls/history?${query(asked)}`);
export const inspect = (id: string): Promise<Inspected> => request("GET", `/calls/${encodeURIComponent(id)}`);
