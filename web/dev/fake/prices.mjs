/** The fake server's prices: one that a list has, one that nobody knows, and those that a person set. */

import { modelsOf } from "./remote.mjs";

const listed = { "groq/llama-3.3-70b-versatile": { input: 0.59, output: 0.79 } };
const empty = {
  input: null,
  output: null,
  cached_input: null,
  request: null,
  image: null,
  audio_second: null,
  compute_second: null,
  hour: null,
};

export function prices(state, method, rest, given) {
  const name = rest.join("/");
  if (method === "PUT") return (state.prices.set(name, given), [200, { model: name, price: { ...empty, ...given } }]);
  if (method === "DELETE") return (state.prices.delete(name), [204]);
  const all = [...state.services.values()].flatMap((service) =>
    modelsOf(service).map(({ name: model }) => {
      const own = state.prices.get(model);
      const price = own ?? listed[model];
      return {
        model,
        place: service.name,
        price: price ? { ...empty, ...price } : null,
        source: own ? "override" : price ? "listed" : null,
        seen: price && !own ? "2026-10-01" : null,
        where: own ? model : "",
      };
    }),
  );
  return [200, { prices: all, overrides: [] }];
}
