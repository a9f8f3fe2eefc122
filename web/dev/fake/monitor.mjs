/** The fake server's calls: what runs, what ran, and what it came to. */

const now = () => Date.now() / 1000;
/** The same numbers every time. */
function dice(seed) {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}

const models = [
  ["Qwen/Qwen3-1.7B-GGUF:Q4_K_M", "llama.cpp", "local"],
  ["groq/llama-3.3-70b-versatile", "groq", "groq"],
  ["serai-guide", "llama.cpp", "local"],
];

const usage = (fields) => ({
  prompt_tokens: 0,
  completion_tokens: 0,
  cached_tokens: 0,
  first_token_s: null,
  total_s: null,
  tokens_per_second: null,
  prompt_tokens_per_second: null,
  left_out: 0,
  cost: null,
  from_cache: false,
  ...fields,
});

export function seededPast() {
  const roll = dice(7);
  return Array.from({ length: 120 }, (_, i) => {
    const [model, backend, place] = models[Math.floor(roll() * 2.4)];
    const status = roll() < 0.06 ? "failed" : roll() < 0.04 ? "cancelled" : "done";
    const first = 0.1 + roll() * 0.6;
    const tried =
      place !== "local" && roll() < 0.3
        ? [
            {
              backend: "llama.cpp",
              model: models[0][0],
              reason: "It has had enough for now.",
              code: "busy",
              tried: true,
            },
          ]
        : [];
    return {
      id: `call_${String(1000 - i)}`,
      at: now() - 60 - i * 700,
      task: "chat",
      model,
      asked: i % 4 ? model : "careful",
      backend,
      place,
      dialect: ["openai", "native", "anthropic"][i % 3],
      key: i % 5 ? "owner" : "key_0000abcd",
      session: "",
      status,
      error: status === "failed" ? "timed_out" : "",
      tried,
      usage: usage({
        prompt_tokens: Math.round(200 + roll() * 3000),
        completion_tokens: Math.round(roll() * 400),
        first_token_s: first,
        total_s: first + roll() * 6,
        tokens_per_second: 20 + roll() * 60,
        cost: place === "local" ? 0 : roll() < 0.2 ? null : 0.0002 + roll() * 0.002,
        from_cache: roll() < 0.05,
      }),
    };
  });
}

const spread = (values) => {
  if (!values.length) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { average: sorted.reduce((a, b) => a + b) / sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
};
const sum = (calls, of) => calls.reduce((total, call) => total + (of(call) ?? 0), 0);
const counted = (codes) => codes.reduce((all, code) => ({ ...all, [code]: (all[code] ?? 0) + 1 }), {});

function numbers(calls) {
  const of = (status) => calls.filter((call) => call.status === status);
  const done = of("done");
  const told = (name) => done.map((call) => call.usage[name]).filter((value) => value !== null);
  const decided = done.length + of("failed").length;
  return {
    count: calls.length,
    done: done.length,
    failed: of("failed").length,
    cancelled: of("cancelled").length,
    success_rate: decided ? done.length / decided : null,
    prompt_tokens: sum(calls, (call) => call.usage.prompt_tokens),
    completion_tokens: sum(calls, (call) => call.usage.completion_tokens),
    cached_tokens: 0,
    tokens_per_second: spread(told("tokens_per_second"))?.average ?? null,
    first_token_s: spread(told("first_token_s")),
    total_s: spread(told("total_s")),
    cost: sum(calls, (call) => call.usage.cost),
    cost_unknown: calls.filter((call) => call.usage.cost === null).length,
    cache_hits: calls.filter((call) => call.usage.from_cache).length,
    errors: counted(of("failed").map((call) => call.error)),
    fallbacks: counted(calls.flatMap((call) => call.tried.map(({ code }) => code))),
  };
}

function series(calls, step) {
  const times = [...new Set(calls.map((call) => Math.floor(call.at / step) * step))].sort((a, b) => a - b);
  return times.map((at) => {
    const some = numbers(calls.filter((call) => Math.floor(call.at / step) * step === at));
    const { first_token_s: first, total_s: total } = some;
    return {
      at,
      count: some.count,
      failed: some.failed,
      cancelled: some.cancelled,
      prompt_tokens: some.prompt_tokens,
      completion_tokens: some.completion_tokens,
      tokens_per_second: some.tokens_per_second,
      first_token_p50: first?.p50 ?? null,
      first_token_p95: first?.p95 ?? null,
      first_token_p99: first?.p99 ?? null,
      total_p50: total?.p50 ?? null,
      total_p95: total?.p95 ?? null,
      total_p99: total?.p99 ?? null,
      cost: some.cost,
      cache_hits: some.cache_hits,
      fallbacks: Object.values(some.fallbacks).reduce((a, b) => a + b, 0),
    };
  });
}

export function stats(state, query) {
  const by = query.get("by") ?? "model";
  const from = Number(query.get("from") ?? now() - 86_400);
  const step = now() - from > 8 * 86_400 ? 86_400 : now() - from > 25_000 ? 3600 : 60;
  const calls = state.past.filter((call) => call.at >= from);
  const groups = [...new Set(calls.map((call) => call[by]))].map((name) => {
    const some = calls.filter((call) => call[by] === name);
    return { name, title: name === "key_0000abcd" ? "laptop" : name, ...numbers(some), series: series(some, step) };
  });
  groups.sort((a, b) => b.count - a.count);
  return [200, { from, to: now(), step, by, totals: numbers(calls), series: series(calls, step), groups }];
}

export const seededLive = () => [
  {
    id: "call_live1",
    task: "chat",
    model: models[0][0],
    backend: "llama.cpp",
    place: "local",
    principal: "owner",
    priority: "normal",
    state: "streaming",
    started_at: now() - 6,
    tokens: 212,
    position: 0,
    expected_s: null,
  },
  {
    id: "call_live2",
    task: "chat",
    model: models[1][0],
    backend: "groq",
    place: "groq",
    principal: "key_0000abcd",
    priority: "low",
    state: "waiting",
    started_at: now() - 2,
    tokens: 0,
    position: 2,
    expected_s: 4,
  },
];

/** Answers below `/calls`, as `[status, body]`; `fault` makes an error. */
export function calls(state, method, [id], query, fault) {
  if (method === "DELETE") {
    if (!state.live.some((call) => call.id === id))
      throw fault(404, "not_found", "There is no such call; it may have ended.", "");
    state.live = state.live.filter((call) => call.id !== id);
    state.publish("call", { id, state: "cancelled", model: "" });
    return [204];
  }
  if (!id) return [200, { calls: state.live }];
  if (id === "history") return history(state, query);
  const call = state.past.find((one) => one.id === id);
  if (!call) throw fault(404, "not_found", "There is no such call in the list.", "");
  const words = {
    inputs: { messages: [{ role: "user", content: "Why is the sky blue?" }] },
    settings: {},
    text: "Because short waves scatter more.",
    reasoning: "",
    tool_calls: [],
    data: null,
    finish: "stop",
    expires_at: now() + 80_000,
  };
  return [200, { call, words: call.status === "done" ? words : null }];
}

function history(state, query) {
  const limit = Number(query.get("limit") ?? 50);
  const found = state.past.filter((call) =>
    ["status", "model", "backend", "key", "error", "place"].every(
      (name) => !query.get(name) || call[name] === query.get(name),
    ),
  );
  const begin = query.get("after") ? found.findIndex((call) => call.id === query.get("after")) + 1 : 0;
  const page = found.slice(begin, begin + limit);
  return [200, { calls: page, next: found.length > begin + limit ? page.at(-1).id : null }];
}
