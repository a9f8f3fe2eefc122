/** Dedicated Endpoints at Hugging Face: what they cost, and what is done with them. */

import type { Endpoint, EndpointCost, EndpointHardware, Job, Service } from "$/lib/api/types";
import { request } from "./http";

/** Whose Endpoints: empty for the token's own namespace, and for the hub's own token. */
export interface Where {
  namespace: string;
  service: string;
}

export interface NewEndpoint {
  name: string;
  repository: string;
  hardware: string;
  min_replica: number;
  max_replica: number;
  scale_to_zero_timeout?: number;
  type: "authenticated" | "public" | "private";
  /** Refused where it may cost more an hour. */
  max_hourly?: number;
}

export type Verb = "pause" | "resume" | "scale-to-zero";

const asked = (where: Where): string => {
  const query = new URLSearchParams(Object.entries(where).filter(([, value]) => value)).toString();
  return query && `?${query}`;
};
const at = (name: string, what = ""): string => `/endpoints/${encodeURIComponent(name)}${what}`;

export const list = (where: Where): Promise<{ endpoints: Endpoint[] }> => request("GET", `/endpoints${asked(where)}`);
export const hardware = (where: Where): Promise<{ hardware: EndpointHardware[]; seen_at: number | null }> =>
  request("GET", `/endpoint-hardware${asked(where)}`);
export const cost = (
  wanted: Pick<NewEndpoint, "hardware" | "min_replica" | "max_replica">,
  where: Where,
): Promise<EndpointCost> => request("POST", `/endpoint-cost${asked(where)}`, wanted);
export const create = (wanted: NewEndpoint, where: Where): Promise<Endpoint> =>
  request("POST", `/endpoints${asked(where)}`, wanted);
export const act = (name: string, verb: Verb, where: Where, fields: object = {}): Promise<Endpoint> =>
  request("POST", at(name, `/${verb}`) + asked(where), verb === "resume" ? fields : undefined);
export const wait = (name: string, where: Where): Promise<Job> => request("POST", at(name, "/wait") + asked(where));
export const use = (name: string, where: Where): Promise<Service> =>
  request("POST", at(name, "/use") + asked(where), { name: name.toLowerCase() });
export const remove = (name: string, where: Where): Promise<void> => request("DELETE", at(name) + asked(where));
export const logs = (name: string, where: Where): Promise<{ text: string }> =>
  request("GET", at(name, "/logs") + asked(where));
