/** The fake server's routes, and what they would do. */

const anything = {
  tasks: [],
  prompt_min: null,
  prompt_max: null,
  tools: null,
  pictures: null,
  hours: "",
  days: [],
  max_cost: null,
};

export const seededRoutes = () =>
  [
    {
      name: "careful",
      title: "Here first, then Groq",
      strategy: "local",
      steps: [
        { model: "Qwen/Qwen3-1.7B-GGUF:Q4_K_M", weight: 1, when: { ...anything, prompt_max: 8000 } },
        { model: "groq/llama-3.3-70b-versatile", weight: 1, when: { ...anything, max_cost: 0.01 } },
      ],
      private: false,
      attempts: 2,
      first_token_s: 20,
      total_s: null,
      hedge_s: null,
      goes_on: false,
    },
  ].map((route) => [route.name, route]);

/** Counts four letters as a token; a step that asks for a shorter prompt is left out, and services of a bound call. */
function plan(state, { model, task, inputs = {}, route, private: bound }) {
  const way = route ?? state.ways.get(model);
  const steps = way?.steps ?? [{ model, when: anything }];
  const tokens = Math.ceil(JSON.stringify(inputs).length / 4);
  const placed = steps.map(({ model, when }) => {
    const service = [...state.services.keys()].find((name) => model.startsWith(`${name}/`));
    const at = { model, backend: service ?? "llama.cpp", place: service ?? "local" };
    if (service && (bound || way?.private))
      return { ...at, code: "private", reason: "This call is bound to this machine." };
    if (when.prompt_max !== null && tokens > when.prompt_max)
      return { ...at, code: "condition", reason: `The prompt is longer than ${when.prompt_max} tokens.` };
    if (when.tasks.length && !when.tasks.includes(task))
      return { ...at, code: "condition", reason: `It is for ${when.tasks.join(", ")}.` };
    const known = state.models.get(model);
    const why = service
      ? "It is the next of the route."
      : known?.running
        ? "It runs already."
        : "It is on this machine.";
    return { ...at, why, cost: service ? 0.0021 : 0, first_token_s: known?.running ? 0.18 : null, waiting: 0 };
  });
  return {
    model: model || way?.name,
    task,
    prompt_tokens: tokens,
    steps: placed.filter((step) => !step.code),
    left_out: placed.filter((step) => step.code),
  };
}

/** Answers below `/routes`, as `[status, body]`; `fault` makes an error. */
export function ways(state, method, [name], given, fault) {
  if (name === "plan") return [200, plan(state, given)];
  if (!name) return [200, { routes: [...state.ways.values()] }];
  if (method === "PUT") {
    if (state.models.has(name))
      throw fault(409, "conflict", `There is a model called ${name}.`, "Choose another name.");
    const kept = { ...given, name };
    state.ways.set(name, kept);
    state.publish("route", { name });
    return [200, kept];
  }
  if (!state.ways.has(name)) throw fault(404, "not_found", `There is no route called ${name}.`, "");
  if (method === "DELETE") return (state.ways.delete(name), state.publish("route", { name }), [204]);
  return [200, state.ways.get(name)];
}
