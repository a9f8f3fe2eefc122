/** The hub's models before they are here, and the files of those that are. */

import type { HubModelPage, HubSearchAnswer, Job, StoreOverview, Stored, Update } from "$/lib/api/types";
import { i18n } from "$/locales/i18n.svelte";
import { blob, namePath, request } from "./http";

export interface Search {
  query: string;
  task: string;
  format: string;
  license: string;
  speaks: string;
  author: string;
  library: string;
  min_parameters: string;
  max_parameters: string;
  sort: string;
}

const asked = (fields: Record<string, string>): string =>
  String(new URLSearchParams(Object.entries(fields).filter(([, value]) => value)));

export const search = (wish: Search, cursor: string, signal: AbortSignal): Promise<HubSearchAnswer> => {
  const question = asked({ ...wish, cursor, limit: "24", language: i18n.language });
  return request("GET", `/hub/models?${question}`, undefined, signal);
};
export const model = (name: string, revision: string): Promise<HubModelPage> =>
  request("GET", `/hub/models/${namePath(name)}?${asked({ revision, language: i18n.language })}`);

/** Where our own server gives a picture that a model's card names. */
export const pictureAddress = (name: string, revision: string, src: string): string =>
  `/hub/picture?${asked({ model: name, revision: revision === "main" ? "" : revision, src })}`;
export const picture = (address: string, signal: AbortSignal): Promise<Blob> => blob(address, signal);

export const store = (): Promise<StoreOverview> => request("GET", "/store");
export const stored = (name: string): Promise<Stored> => request("GET", `/store/models/${namePath(name)}`);
export const verify = (name: string | null, repair: boolean): Promise<Job> =>
  request("POST", "/store/verify", { model: name, repair });
export const updates = (): Promise<{ updates: Update[] }> => request("POST", "/store/updates");
export const tidy = (): Promise<{ freed: number }> => request("POST", "/store/gc");
