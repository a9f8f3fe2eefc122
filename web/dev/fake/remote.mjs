/** The fake server's remote services: their kinds, what was added, and what they told. */

const now = () => Date.now() / 1000;

const kinds = [
  ["groq", "Groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY", true],
  ["huggingface", "Hugging Face", "https://router.huggingface.co", "HF_TOKEN", true],
  ["mistral", "Mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY", true],
  ["ollama", "Ollama", "http://127.0.0.1:11434", "", false],
  ["openai", "OpenAI, or any service that speaks its language", "https://api.openai.com/v1", "OPENAI_API_KEY", true],
  ["vllm", "vLLM", "", "VLLM_API_KEY", false],
].map(([name, title, url, key_env, key_needed]) => ({ name, title, url, key_env, key_needed }));

const service = (fields) => ({
  url: "",
  key_env: "",
  keys: 0,
  models: [],
  patience_s: 300,
  whose_keys: "either",
  created_at: now() - 86400,
  known: 0,
  seen_at: null,
  error: null,
  ...fields,
});

export const seededServices = () =>
  [
    service({ name: "groq", kind: "groq", url: kinds[0].url, keys: 2, known: 3, seen_at: now() - 240 }),
    service({ name: "den", kind: "ollama", url: "http://127.0.0.1:11434", known: 2, seen_at: now() - 30 }),
  ].map((one) => [one.name, one]);

const listed = {
  groq: [
    ["llama-3.3-70b-versatile", "chat", 131072],
    ["openai/gpt-oss-120b", "chat", 131072],
    ["whisper-large-v3", "automatic-speech-recognition", null],
  ],
  ollama: [
    ["qwen3:8b", "chat", 40960],
    ["nomic-embed-text", "feature-extraction", 2048],
  ],
};

export const modelsOf = ({ name, kind, models }) => [
  ...(listed[kind] ?? listed.groq).map(([model, task, context_length]) => ({
    name: `${name}/${model}`,
    title: "",
    task,
    context_length,
  })),
  ...models.map((model) => ({ name: `${name}/${model}`, title: "", task: "chat", context_length: null })),
];

/** A key that begins with `bad` is refused, an address on port 1 is not there. */
function check(one) {
  const refused = one.plain?.some((key) => key.startsWith("bad"));
  const away = one.url.includes(":1/");
  const error = away
    ? {
        code: "unreachable",
        who: one.name,
        message: `${one.name} does not answer.`,
        hint: "Check its URL and the network.",
      }
    : refused
      ? { code: "key_refused", who: one.name, message: `${one.name} refused the key.`, hint: "Enter another one." }
      : null;
  Object.assign(one, { error, ...(away ? {} : { seen_at: now(), known: modelsOf(one).length }) });
  const key = refused ? "refused" : one.keys ? "accepted" : "unknown";
  return { reachable: !away, key, models: one.known, seconds: 0.21, error };
}

export const shown = ({ plain: _plain, own: _own, ...one }) => one;

/** Answers below `/providers`, as `[status, body]`; `fault` makes an error. */
export function services(all, method, [name, verb], given, fault) {
  if (!name && method === "POST") {
    if (all.has(given.name))
      throw fault(409, "conflict", `There is a service called ${given.name} already.`, "Choose another name.");
    const home = kinds.find((kind) => kind.name === given.kind);
    const { keys = [], ...fields } = given;
    const key_env = given.key_env ?? (keys.length ? "" : home.key_env);
    const one = service({ url: home.url, ...fields, key_env, keys: keys.length, plain: keys });
    all.set(one.name, one);
    return [201, shown(one)];
  }
  if (!name) return [200, { providers: [...all.values()].map(shown) }];
  const one = all.get(name);
  if (!one) throw fault(404, "not_found", `There is no service called ${name}.`, "");
  if (verb === "check") return [200, check(one)];
  if (verb === "models") return [200, { models: modelsOf(one) }];
  if (method === "DELETE") return (all.delete(name), [204]);
  if (method === "PATCH") {
    const { keys, ...fields } = given;
    Object.assign(one, fields, keys ? { keys: keys.length, plain: keys } : {});
  }
  return [200, shown(one)];
}

/** Answers below `/own-keys`: every caller is the same person here. */
export function ownKeys(all, method, [name, verb], given, fault) {
  const own = ({ name: service, kind, url, whose_keys, own = [] }) => {
    const { title } = kinds.find((one) => one.name === kind);
    return { service, kind, title, origin: new URL(url).origin, whose_keys, keys: own.length };
  };
  if (!name) return [200, { services: [...all.values()].map(own) }];
  const one = all.get(name);
  if (!one) throw fault(404, "not_found", `There is no service called ${name}.`, "");
  if (verb === "check") return [200, check({ ...one, keys: one.own.length, plain: one.own })];
  if (method === "DELETE") return (delete one.own, [204]);
  one.own = given.keys;
  return [200, own(one)];
}

export const kindList = () => [200, { kinds }];
