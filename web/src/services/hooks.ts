/** Addresses that are told of what happens. What their messages are signed with is told once, when one is added. */

import type { Hook, HookTest } from "$/lib/api/types";
import { request } from "./http";

export type NewHook = Pick<Hook, "url" | "events" | "private">;

const at = (id: string): string => `/hooks/${encodeURIComponent(id)}`;

export const list = (): Promise<{ hooks: Hook[]; kinds: Record<string, string> }> => request("GET", "/hooks");
export const add = (hook: NewHook): Promise<Hook & { secret: string }> => request("POST", "/hooks", hook);
export const remove = (id: string): Promise<void> => request("DELETE", at(id));
export const test = (id: string): Promise<HookTest> => request("POST", `${at(id)}/test`);
