/** An Endpoint while it is written, what can be done with one as it is, and what it costs in words. */

import { i18n, t } from "$/locales/i18n.svelte";
import type { NewEndpoint, Verb } from "$/services/endpoints";
import type { Endpoint, EndpointCost, EndpointHardware } from "./api/types";

export interface EndpointDraft {
  name: string;
  repository: string;
  hardware: string;
  least: number;
  most: number;
  /** Minutes without a call; null leaves it awake. */
  sleep: number | null;
  type: NewEndpoint["type"];
}

export const accesses: NewEndpoint["type"][] = ["authenticated", "private", "public"];

export const freshEndpoint = (): EndpointDraft => ({
  name: "",
  repository: "",
  hardware: "",
  least: 0,
  most: 1,
  sleep: 15,
  type: "authenticated",
});

export const isEndpointName = (name: string): boolean => /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(name);

/** A name that Hugging Face takes, made of the model's. */
export const nameFor = (repository: string): string =>
  repository
    .trim()
    .split("/")
    .at(-1)!
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 32)
    .replace(/-+$/, "");

export const completeEndpoint = (draft: EndpointDraft): boolean =>
  isEndpointName(draft.name) &&
  /^[^\s/]+\/[^\s/]+$/.test(draft.repository.trim()) &&
  draft.hardware !== "" &&
  draft.most >= Math.max(1, draft.least);

/** As it is sent, with what was shown as its cost as the most that it may be. */
export const endpointFrom = (draft: EndpointDraft, cost: EndpointCost | null): NewEndpoint => ({
  name: draft.name,
  repository: draft.repository.trim(),
  hardware: draft.hardware,
  min_replica: draft.least,
  max_replica: draft.most,
  ...(draft.least === 0 && draft.sleep !== null ? { scale_to_zero_timeout: draft.sleep } : {}),
  type: draft.type,
  ...(cost?.most != null ? { max_hourly: cost.most } : {}),
});

const coming = ["pending", "initializing", "updating"];
export const isComing = ({ state }: Endpoint): boolean => coming.includes(state);

/** What its state allows. */
export function verbsOf({ state }: Endpoint): Verb[] {
  if (state === "paused") return ["resume"];
  if (state === "scaledToZero") return ["resume", "pause"];
  if (state === "running") return ["scale-to-zero", "pause"];
  return state.toLowerCase().endsWith("failed") ? ["resume", "pause"] : ["pause"];
}

export const stateWords = (state: string): string =>
  i18n.has(`endpoints.state.${state}`) ? t(`endpoints.state.${state}` as "endpoints.state.running") : state;

export const hourly = (dollars: number): string => t("price.hour", { a: i18n.money(dollars) });

/** What is paid now and at most; that nobody knows it is said as such. */
export function costWords({ now, most }: EndpointCost): string[] {
  if (most === null) return [t("price.unknown")];
  return [
    ...(now === null ? [] : [now === 0 ? t("endpoints.cost.none") : t("endpoints.cost.now", { a: hourly(now) })]),
    t("endpoints.cost.most", { a: hourly(most) }),
  ];
}

/** Machines of one place together, the cheapest first; those of unknown price last. */
export function byRegion(all: EndpointHardware[]): [string, EndpointHardware[]][] {
  const regions = new Map<string, EndpointHardware[]>();
  for (const one of all) {
    const place = `${one.machine.vendor} ${one.machine.region}`;
    regions.set(place, [...(regions.get(place) ?? []), one]);
  }
  const price = (one: EndpointHardware): number => one.price_per_hour ?? Infinity;
  return [...regions].map(([place, some]) => [place, some.toSorted((a, b) => price(a) - price(b))]);
}

export function hardwareWords(one: EndpointHardware): string {
  const memory = one.gpu_memory_gb ?? one.memory_gb;
  const price = one.price_per_hour === null ? t("price.unknown") : hourly(one.price_per_hour);
  return [one.title || one.id, i18n.bytes(memory * 1e9), price].join(" · ");
}
