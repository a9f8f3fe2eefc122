/** Remote services: what is known of them, and what a person sets. Keys go there and never come back. */

import type {
  Destinations,
  OwnKeys,
  RemoteModel,
  Service,
  ServiceCheck,
  ServiceKind,
  WhoseKeys,
} from "$/lib/api/types";
import { request } from "./http";

/** What is said of a service; what is left out stays as it is. */
export interface ServiceValues {
  url?: string;
  key_env?: string;
  keys?: string[];
  models?: string[];
  whose_keys?: WhoseKeys;
}

const at = (name: string): string => `/providers/${encodeURIComponent(name)}`;

export const kinds = (): Promise<{ kinds: ServiceKind[] }> => request("GET", "/provider-kinds");
export const list = (): Promise<{ providers: Service[] }> => request("GET", "/providers");
export const destinations = (): Promise<Destinations> => request("GET", "/destinations");
export const add = (fields: ServiceValues & { name: string; kind: string }): Promise<Service> =>
  request("POST", "/providers", fields);
export const change = (name: string, fields: ServiceValues): Promise<Service> => request("PATCH", at(name), fields);
export const remove = (name: string): Promise<void> => request("DELETE", at(name));
export const check = (name: string): Promise<ServiceCheck> => request("POST", `${at(name)}/check`);
export const models = (name: string): Promise<{ models: RemoteModel[] }> => request("GET", `${at(name)}/models`);

const own = (name: string): string => `/own-keys/${encodeURIComponent(name)}`;

/** Keys of one's own: how many, never which. */
export const ownKeys = (): Promise<{ services: OwnKeys[] }> => request("GET", "/own-keys");
export const setOwnKeys = (name: string, keys: string[]): Promise<OwnKeys> => request("PUT", own(name), { keys });
export const checkOwnKeys = (name: string): Promise<ServiceCheck> => request("POST", `${own(name)}/check`);
export const removeOwnKeys = (name: string): Promise<void> => request("DELETE", own(name));
