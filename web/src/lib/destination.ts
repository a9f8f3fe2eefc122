/** Where a text goes, or went: this machine, or a service that may be elsewhere. */

import { LOCAL, type Model } from "./api/types";
import { hostOf, onThisMachine } from "./remote";

export interface Place {
  /** The service's name; empty on this machine. */
  service: string;
  host: string;
  /** Whether the text leaves this machine. */
  leaves: boolean;
}

/** A service, as far as its reader may know it: `elsewhere` stands for an address that is not shown. */
export interface Spot {
  name: string;
  title?: string;
  url?: string;
  elsewhere?: boolean;
}

/** A route, as far as its reader may know it: `places` stand for steps that are not shown. */
export interface Way {
  name: string;
  title: string;
  private: boolean;
  steps?: { model: string }[];
  places?: string[];
}

export const here: Place = { service: "", host: "", leaves: false };

/** The place of an answerer. A service that is known no more counts as elsewhere. */
export function placeOf(place: string, services: Spot[]): Place {
  if (place === LOCAL) return here;
  const spot = services.find((service) => service.name === place);
  const url = spot?.url ?? "";
  return { service: place, host: hostOf(url) || (spot?.title ?? ""), leaves: spot?.elsewhere ?? !onThisMachine(url) };
}

export interface Known {
  models: Model[];
  services: Spot[];
  routes: Way[];
  /** What answers where nothing is chosen: the setting `models.default`. */
  preferred: string;
}

const owning = (name: string, services: Spot[]): Spot | undefined =>
  services.find((service) => name.toLowerCase().startsWith(`${service.name.toLowerCase()}/`));

export interface Destination extends Place {
  /** The route that chooses; empty where a model was chosen. */
  route: string;
}

/** Where the next text goes when `wanted` is asked. Models of this machine come first, as the server has it; a route
 *  leaves this machine when any of its steps may. */
export function destination(wanted: string | null, known: Known): Destination {
  const name = wanted || known.preferred || "auto";
  const model = known.models.find((one) => one.name === name);
  if (model) return { ...placeOf(model.place, known.services), route: "" };
  const route = known.routes.find((one) => one.name === name);
  if (route) {
    const leaving = route.private
      ? undefined
      : [
          ...(route.steps ?? []).map((step) => reached(step.model, known)),
          ...(route.places ?? []).map((place) => placeOf(place, known.services)),
        ].find((at) => at.leaves);
    return { ...(leaving ?? here), route: route.title || route.name };
  }
  return { ...reached(name, known), route: "" };
}

/** A name that no model of this machine has may be one of a service that this reader is not shown: it is not called
 *  here. */
function reached(name: string, { models, services }: Known): Place {
  if (models.some((one) => one.place === LOCAL && one.name.startsWith(name))) return here;
  const service = owning(name, services)?.name ?? (models.length && name.includes("/") ? name.split("/")[0]! : "");
  return service ? placeOf(service, services) : here;
}
