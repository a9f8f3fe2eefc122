/** What models cost, and what a person says instead. Amounts are in US dollars. */

import type { Price, Priced } from "$/lib/api/types";
import { namePath, request } from "./http";

export const list = (): Promise<{ prices: Priced[] }> => request("GET", "/prices");
export const set = (model: string, price: Partial<Price>): Promise<unknown> =>
  request("PUT", `/prices/${namePath(model)}`, price);
export const remove = (model: string): Promise<void> => request("DELETE", `/prices/${namePath(model)}`);
