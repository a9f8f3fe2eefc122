/** Believable data for the page's development server. */

const now = () => Date.now() / 1000;
const GB = 1e9;

export const guide = () => ({
  name: "serai-guide",
  title: "Serai guide",
  description: "A tiny guide that knows only Serai.",
  task: "chat",
  place: "local",
  source: "embedded",
  format: "gguf",
  engine: "llama.cpp",
  path: "serai/guide/serai-guide.gguf",
  size: 5_200_000,
  quantisation: "Q8_0",
  parameters: 4_900_000,
  context_length: 512,
  architecture: "llama",
  license: "apache-2.0",
  languages: ["en", "de", "fa"],
  settings: { temperature: 0 },
  pinned: false,
  added_at: now() - 86400 * 9,
  last_used_at: now() - 900,
  state: "ready",
  error: null,
  loading: {},
  starting: null,
  running: process({
    pid: 4210,
    memory: 38e6,
    needed: 61e6,
    context: 512,
    tokens_per_second: 2140,
    since: now() - 900,
    last_used_at: now() - 400,
    load_s: 0.21,
  }),
});

/** A model's process. */
export const process = (fields) => ({
  device: "cpu",
  device_reason: "no GPU was found",
  parallel: 4,
  streams: 0,
  tokens_per_second: null,
  shortened: "",
  engine: "llama.cpp",
  server: "wheel",
  kv_type: "f16",
  threads: 8,
  tokens: 0,
  sandbox: { network: true, files: true, memory: true, how: "Landlock, seccomp, no new privileges" },
  ...fields,
});

const model = (fields) => ({
  description: "",
  task: "chat",
  place: "local",
  source: "hub",
  format: "gguf",
  engine: "llama.cpp",
  path: `/models/${fields.name.split("/").pop()}.gguf`,
  architecture: "llama",
  license: "apache-2.0",
  languages: ["en"],
  settings: {},
  loading: {},
  pinned: false,
  added_at: now() - 86400 * 4,
  last_used_at: null,
  state: "on_disk",
  error: null,
  running: null,
  starting: null,
  ...fields,
});

export const realModels = () => [
  model({
    name: "Qwen/Qwen3-1.7B-GGUF:Q4_K_M",
    title: "Qwen3 1.7B",
    size: 1.28 * GB,
    quantisation: "Q4_K_M",
    parameters: 1.72e9,
    context_length: 32768,
    architecture: "qwen3",
    languages: ["en", "de", "fa", "zh"],
    pinned: true,
    last_used_at: now() - 60,
    state: "ready",
    running: process({
      pid: 4312,
      memory: 1.9 * GB,
      needed: 2.2 * GB,
      context: 8192,
      streams: 1,
      tokens_per_second: 41.3,
      since: now() - 3600,
      last_used_at: now() - 60,
      load_s: 1.8,
      kv_type: "q8_0",
    }),
  }),
  model({
    name: "TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF:Q4_K_M",
    title: "TinyLlama 1.1B Chat",
    size: 0.669 * GB,
    quantisation: "Q4_K_M",
    parameters: 1.1e9,
    context_length: 2048,
    last_used_at: now() - 86400 * 2,
  }),
  model({
    name: "mistral-7b",
    title: "Mistral 7B Instruct v0.3",
    source: "file",
    size: 4.37 * GB,
    quantisation: "Q4_K_M",
    parameters: 7.25e9,
    context_length: 32768,
    last_used_at: now() - 86400 * 6,
    state: "failed",
    error: {
      code: "load_failed",
      message: "Mistral 7B needs 5.8 GB of memory; 4.9 GB are free.",
      hint: "Choose a smaller quantisation or unload another model.",
      facts: {
        cause: "out_of_memory",
        would_fit: [
          { loading: { context: 2048 }, model: "", text: "a context of 2,048 tokens" },
          { loading: { kv_type: "q8_0" }, model: "", text: "a KV cache of type q8_0" },
        ],
        log: ["llama_kv_cache: size = 4096.00 MiB", "ggml_aligned_malloc: insufficient memory"],
      },
    },
  }),
  model({
    name: "bolbolzaban/gpt2-persian:Q8_0",
    title: "GPT-2 Persian",
    size: 0.34 * GB,
    quantisation: "Q8_0",
    parameters: 3.2e8,
    context_length: 1024,
    architecture: "gpt2",
    languages: ["fa"],
  }),
];

export const suggestions = () => [
  {
    name: "Qwen/Qwen3-0.6B-GGUF:Q8_0",
    repo: "Qwen/Qwen3-0.6B-GGUF",
    file: "Qwen3-0.6B-Q8_0.gguf",
    title: "Qwen3 0.6B",
    size: 0.639 * GB,
    context_length: 32768,
    parameters: 6e8,
    languages: ["en", "de", "fa"],
    why: "Quick on any machine; good first choice.",
    fit: { verdict: "fits", text: "Fits: 1.2 of 10.9 GB free" },
    state: "absent",
  },
  {
    name: "Qwen/Qwen3-1.7B-GGUF:Q4_K_M",
    repo: "Qwen/Qwen3-1.7B-GGUF",
    file: "Qwen3-1.7B-Q4_K_M.gguf",
    title: "Qwen3 1.7B",
    size: 1.28 * GB,
    context_length: 32768,
    parameters: 1.7e9,
    languages: ["en", "de", "fa"],
    why: "Clearly better answers, still fast here.",
    fit: { verdict: "fits", text: "Fits: 2.1 of 10.9 GB free" },
    state: "absent",
  },
  {
    name: "bartowski/Mistral-7B-Instruct-v0.3-GGUF:Q4_K_M",
    repo: "bartowski/Mistral-7B-Instruct-v0.3-GGUF",
    file: "Mistral-7B-Instruct-v0.3-Q4_K_M.gguf",
    title: "Mistral 7B Instruct",
    size: 4.37 * GB,
    context_length: 32768,
    parameters: 7.2e9,
    languages: ["en", "de"],
    why: "Strong general model; slower without a GPU.",
    fit: { verdict: "tight", text: "Fits at 8k context" },
    state: "absent",
  },
];

const s = (key, type, description, value, extra = {}) => ({
  key,
  group: key.split(".")[0],
  type,
  description,
  default: value,
  value,
  source: "default",
  env: [`SERAI_${key.replace(".", "_").toUpperCase()}`],
  restart: false,
  choices: [],
  ...extra,
});

export const groups = {
  server: "Where Serai listens and whom it lets in.",
  models: "How models are run on this machine.",
  hub: "Where models are fetched from.",
  page: "How the page looks.",
  logs: "What is written under SERAI_HOME/logs.",
  storage: "Where sessions, jobs and keys are kept.",
};

export const settings = () => [
  s("server.host", "text", "Address to listen on. Anything but loopback needs an API key.", "127.0.0.1", {
    restart: true,
  }),
  s("server.port", "integer", "Port to listen on; 0 takes a free one.", 7372, {
    restart: true,
    value: 7400,
    source: "SERAI_SERVER_PORT",
  }),
  s(
    "server.allowed_hosts",
    "list",
    "More host names by which this server may be called, such as a name behind a proxy.",
    [],
  ),
  s("server.allowed_origins", "list", "Other web origins that may call the API from a browser.", []),
  s("server.body_limit_mb", "integer", "Largest request body that is read, in megabytes.", 32),
  s("server.open_browser", "boolean", "Open the page when `serai` starts.", true),
  s("models.default", "text", "Model that answers when a request names none, or `auto`.", "auto"),
  s("models.preload", "boolean", "Load the models that ran last again at start, in the background.", true),
  s("models.idle_minutes", "number", "Unload a model after this many idle minutes; 0 keeps it.", 30),
  s("models.max_loaded", "integer", "How many models may be loaded at once; the least recently used goes first.", 0),
  s("models.context", "integer", "Longest context to reserve memory for, in tokens; a model's own limit wins.", 8192, {
    value: 16384,
    source: "serai.toml",
  }),
  s("models.parallel", "integer", "Requests one model answers at the same time.", 4),
  s("models.threads", "integer", "Threads for one model; 0 chooses by the cores of this machine.", 0),
  s("models.gpu_layers", "integer", "Layers placed on the GPU; -1 chooses automatically.", -1),
  s("models.device", "choice", "Device for models.", "auto", {
    choices: ["auto", "cpu", "gpu"],
    env: ["SERAI_MODELS_DEVICE", "LLM_DEVICE"],
  }),
  s("models.load_timeout_s", "number", "Give up loading a model after this many seconds.", 300),
  s("models.sandbox", "choice", "How models' processes are confined.", "auto", {
    choices: ["auto", "required", "off"],
  }),
  s("hub.endpoint", "text", "The hub or a mirror of it.", "https://huggingface.co", {
    env: ["SERAI_HUB_ENDPOINT", "HF_ENDPOINT"],
  }),
  s("hub.rate_limit_mb", "number", "Most megabytes a second for all downloads together; 0 is no limit.", 0),
  s("hub.offline", "boolean", "Never contact the hub.", false, { env: ["SERAI_HUB_OFFLINE", "HF_HUB_OFFLINE"] }),
  s("page.language", "choice", "Language of the page.", "auto", { choices: ["auto", "en", "de", "fa"] }),
  s("page.theme", "choice", "Colours of the page.", "auto", { choices: ["auto", "light", "dark"] }),
  s("logs.level", "choice", "How much is written.", "info", { choices: ["debug", "info", "warning", "error"] }),
  s("logs.keep_mb", "integer", "Size at which a part's log file starts anew, in megabytes.", 20),
  s("storage.url", "text", "Database URL; empty is SQLite under SERAI_HOME.", "", { restart: true }),
];

export const hardware = {
  cpu: { name: "8-core desktop processor", cores: 8, features: ["AVX2", "FMA", "AVX-512"] },
  memory: { total: 16 * 1024 ** 3, available: 10.9 * 1024 ** 3 },
  gpus: [],
  disk: { path: "~/.cache/huggingface", free: 212 * GB, total: 512 * GB },
  tier: "small",
  advice: ["Models up to 8 B at Q4_K_M fit in memory.", "Without a GPU, 1 to 3 B models answer fastest."],
};

export const checks = [
  { part: "engine", ok: true, level: "ok", text: "llama.cpp starts and answers." },
  { part: "database", ok: true, level: "ok", text: "پایگاه داده سالم است." },
  {
    part: "hub",
    ok: false,
    level: "warning",
    text: "huggingface.co did not answer.",
    mend: "Models on disk work; check the network for downloads.",
  },
  { part: "disk", ok: true, level: "ok", text: "212 GB free." },
  {
    part: "token",
    ok: false,
    level: "failed",
    text: "The Hugging Face token was refused.",
    mend: "Enter a new one under Settings, Secrets.",
  },
];

export const poem = `Sunlight is scattered by air molecules, and short (blue) wavelengths scatter far more than long ones: the strength grows with \`1/λ⁴\`. So blue reaches your eyes from every direction.

\`\`\`python
def scatter(wavelength_nm: float) -> float:
    """Relative Rayleigh scattering."""
    return (550 / wavelength_nm) ** 4
\`\`\`

| colour | wavelength | relative |
|---|---:|---:|
| blue | 450 nm | 2.23 |
| red | 650 nm | 0.51 |

The intensity is $I \\propto \\lambda^{-4}$, or in full:

$$I = I_0 \\frac{8\\pi^4 \\alpha^2}{\\lambda^4 R^2}(1 + \\cos^2\\theta)$$

1. Short waves scatter **more**.
2. At sunset the way is longer, so *red* remains.`;

export const persian = `نور خورشید از مولکول‌های هوا پراکنده می‌شود و طول‌موج‌های کوتاه (آبی) بسیار بیشتر از بلندها پراکنده می‌شوند: شدت آن با \`1/λ⁴\` زیاد می‌شود. پس آبی از همه‌سو به چشم شما می‌رسد.

- هنگام غروب راه نور درازتر است.
- برای همین **سرخ** می‌ماند.

\`\`\`python
def scatter(nm: float) -> float:
    return (550 / nm) ** 4
\`\`\``;

export const guideAnswer =
  "I am serai-guide, a tiny model that knows only Serai. Open **Models** and load a real model to talk about other things; `serai pull Qwen/Qwen3-0.6B-GGUF:Q8_0` fetches a small one.";

/** The price of a model in memory: its file, and 100 kB for each token of each stream. */
export function fit(model, asked) {
  const wished = Object.fromEntries([...asked].map(([key, value]) => [key, Number(value) || value]));
  const loading = { context: 8192, parallel: 4, kv_type: "f16", gpu_layers: 0, ...model.loading, ...wished };
  const [weights, kv, room] = [model.size, loading.context * loading.parallel * 1e5, 12 * GB];
  const need = { weights, kv, compute: 0.1 * GB, cache: 64e6, runtime: 40e6, later: kv, spare: 0, firm: weights };
  const total = weights + kv + 0.1 * GB + 104e6;
  const verdict = total > room ? "no" : total > 0.8 * room ? "tight" : "fits";
  return {
    model: model.name,
    verdict,
    text: `needs ${Math.round(total / 1e8) / 10} GB`,
    need: { ...need, total, peak: total, by_device: { cpu: total } },
    devices: [{ name: "CPU", kind: "cpu", total: 16 * GB, free: room }],
    room: { cpu: room },
    loading,
    layers: 28,
    context_length: model.context_length,
    shortened: "",
    device_reason: "",
    would_fit:
      verdict === "no" ? [{ loading: { parallel: 1 }, model: "", text: "1 answer at a time", total: null }] : [],
  };
}

/** The memory of each device, with an accelerator where one is asked for. */
export function budget(models) {
  const shares = models.filter((m) => m.running).map((m) => ({ name: m.name, memory: m.running.memory }));
  const held = shares.reduce((sum, share) => sum + share.memory, 0);
  const [total, serai, others] = [17.2 * GB, 0.12 * GB, 4.6 * GB];
  return {
    devices: [
      {
        name: "CPU",
        kind: "cpu",
        total,
        free: total - held - serai - others,
        limit: 0.8 * total,
        serai,
        others,
        models: shares,
      },
    ],
  };
}

export const engines = (setting) => ({
  setting,
  to_gain: setting === "wheel" || setting === "auto" ? ["avx512", "avx512-vnni"] : [],
  engines: [
    {
      name: "wheel",
      kind: "wheel",
      version: "2026.10",
      features: [],
      path: "",
      size: null,
      built_at: null,
      in_use: setting === "wheel" || setting === "auto",
    },
    ...(setting === "wheel" || setting === "auto"
      ? []
      : [
          {
            name: setting,
            kind: setting.startsWith("/") ? "given" : "native",
            version: "b6900",
            features: setting.startsWith("/") ? [] : ["avx2", "avx512", "avx512-vnni", "fma"],
            path: setting,
            size: 14.2e6,
            built_at: now() - 7200,
            in_use: true,
          },
        ]),
  ],
  runtimes: [
    { name: "llama.cpp", title: "llama.cpp", formats: ["gguf"], version: "2026.10", installed: true, extra: "" },
    { name: "onnx", title: "ONNX Runtime", formats: ["onnx"], version: "1.31", installed: true, extra: "" },
    {
      name: "transformers",
      title: "transformers",
      formats: ["safetensors"],
      version: "",
      installed: false,
      extra: "torch",
    },
  ],
});

/** Steps of a native build, as the job's note names them. */
export const building = [
  "fetching the source",
  "fetching tools",
  "preparing",
  "compiling",
  "comparing it with the wheel",
];

/** Who did not answer before. */
export const tried = [
  {
    backend: "mistral-7b",
    model: "mistral-7b",
    reason: "needs 5.8 GB, 4.9 free",
    code: "load_failed",
    tried: true,
  },
  {
    backend: "groq",
    model: "groq/openai/gpt-oss-120b",
    reason: "It has refused every call for a minute and rests until 12:04.",
    code: "circuit_open",
    tried: false,
  },
];

/** A chat that is bound to this machine asks no service. */
export const bound = {
  code: "forbidden",
  who: "serai",
  message: "This chat is bound to this machine, and the model is not here.",
  hint: "Choose a model of this machine, or free the chat.",
};
