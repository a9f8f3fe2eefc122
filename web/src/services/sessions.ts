/** Sessions and messages, as the API has them. */

import type { Generation, Message, Session } from "$/lib/api/types";
import { request } from "./http";

export type SessionPatch = Partial<Pick<Session, "title" | "model" | "system" | "folder" | "pinned" | "private">> & {
  settings?: Generation;
};

const at = (id: string): string => `/sessions/${encodeURIComponent(id)}`;

export interface SessionQuery {
  q?: string;
  folder?: string;
  before?: number;
  limit?: number;
}

export function list(query: SessionQuery, signal?: AbortSignal): Promise<{ sessions: Session[]; next: number | null }> {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const search = new URLSearchParams(pairs.map(([key, value]) => [key, String(value)]));
  return request("GET", `/sessions?${search}`, undefined, signal);
}

export const create = (fields: SessionPatch): Promise<Session> => request("POST", "/sessions", fields);
export const get = (id: string): Promise<{ session: Session; messages: Message[] }> => request("GET", at(id));
export const patch = (id: string, fields: SessionPatch): Promise<Session> => request("PATCH", at(id), fields);
export const remove = (id: string): Promise<void> => request("DELETE", at(id));
export const restore = (id: string): Promise<Session> => request("POST", `${at(id)}/restore`);
export const reset = (id: string): Promise<Message> => request("POST", `${at(id)}/reset`);
export const importJson = (body: unknown): Promise<Session> => request("POST", "/sessions/import", body);
export const exportUrl = (id: string, format: "markdown" | "json"): string =>
  `/api/v1${at(id)}/export?format=${format}`;

/** `parent` given and not the shown leaf makes a branch; null makes another first message. */
export function ask(
  id: string,
  fields: { text: string; model?: string; parent?: string | null },
): Promise<{ question: Message; answer: Message }> {
  return request("POST", `${at(id)}/messages`, fields);
}

const message = (id: string, mid: string): string => `${at(id)}/messages/${encodeURIComponent(mid)}`;

export const regenerate = (id: string, mid: string, model?: string): Promise<{ answer: Message }> =>
  request("POST", `${message(id, mid)}/regenerate`, model ? { model } : {});
export const stop = (id: string, mid: string): Promise<Message> => request("POST", `${message(id, mid)}/stop`);
export const resume = (id: string, mid: string): Promise<unknown> => request("POST", `${message(id, mid)}/continue`);
export const select = (id: string, mid: string): Promise<unknown> =>
  request("POST", `${at(id)}/select`, { message: mid });
