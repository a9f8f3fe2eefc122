/** The fake server's hub and weight store. */

const GB = 1e9;
const now = () => Date.now() / 1000;
const fit = (size) => {
  const verdict = size < 8.7 * GB ? "fits" : size < 10.3 * GB ? "tight" : "no";
  const said = { fits: "Fits", tight: "Fits with a short context", no: "Does not fit" }[verdict];
  const needed = (size / GB / (verdict === "fits" ? 0.8 : 0.95)).toFixed(1);
  return { verdict, text: `${said}: needs about ${needed} GB of memory, models may use 10.9 GB of this machine.` };
};

const model = (name, size, fields = {}) => ({
  name,
  author: name.split("/")[0],
  task: "text-generation",
  library: "transformers",
  license: "apache-2.0",
  languages: ["en"],
  formats: ["gguf"],
  downloads: 1_234_567,
  likes: 843,
  gated: "",
  modified_at: now() - 86400 * 40,
  parameters: Math.round(size / 0.61),
  context_length: 32768,
  architecture: "llama",
  size,
  fit: fit(size),
  here: [],
  job: null,
  tags: [],
  weights: {},
  ...fields,
});

const all = [
  model("Qwen/Qwen3-1.7B-GGUF", 1.28 * GB, { languages: ["en", "de", "fa", "zh"] }),
  model("microsoft/Phi-4-mini-instruct-gguf", 2.4 * GB, { license: "mit", downloads: 812_345, likes: 412 }),
  model("mistralai/Mistral-Small-24B-GGUF", 9.4 * GB, { downloads: 391_000 }),
  model("meta-llama/Llama-3.3-70B-Instruct", 141 * GB, {
    formats: ["safetensors"],
    license: "llama3.3",
    gated: "manual",
    weights: { BF16: 70_553_706_496 },
  }),
  model("HooshvareLab/bert-fa-base-uncased", 0.65 * GB, {
    task: "fill-mask",
    formats: ["safetensors"],
    languages: ["fa"],
    downloads: 91_002,
    likes: 37,
  }),
  model("openai/whisper-small", 0.97 * GB, { task: "automatic-speech-recognition", formats: ["safetensors"] }),
  model("nobody/adapter-only", 0, { size: null, fit: null, formats: [], downloads: 12, likes: 0, license: "" }),
];

const card = `<div align="center"><img src="https://elsewhere.example/logo.png"><h1>A model</h1></div>

# What it is

A **small** model that <b>answers</b> questions. <script>alert(1)</script>

![A picture](https://elsewhere.example/plot.png)

| Benchmark | Score |
|---|---|
| MMLU | 61.2 |

\`\`\`python
from transformers import pipeline
\`\`\`

این مدل به فارسی هم پاسخ می‌دهد.
`;

const form = (name, label, size, format, recommended = false) => ({
  name: `${name}:${label}`,
  label,
  format,
  size,
  files: format === "gguf" ? 1 : 6,
  recommended,
  fit: fit(size),
  here: false,
  job: null,
  missing_extra: format === "gguf" ? "" : "torch",
});

function page(found, endpoint) {
  const quants = [
    ["Q2_K", 0.6],
    ["Q4_K_M", 1],
    ["Q8_0", 1.75],
    ["F16", 3.3],
  ];
  const variants = found.formats.includes("gguf")
    ? quants.map(([label, factor]) => form(found.name, label, found.size * factor, "gguf", label === "Q4_K_M"))
    : found.formats.map((kind) => form(found.name, kind, found.size, kind, true));
  return {
    ...found,
    revision: "main",
    commit: "c".repeat(40),
    revisions: ["main", "v1.0"],
    tags: ["gguf", "conversational", "license:apache-2.0"],
    card: variants.length ? card : "",
    files: [{ path: "README.md", size: 4096, sha256: null }].concat(
      variants.map((v) => ({ path: `model-${v.label}.gguf`, size: v.size, sha256: "a".repeat(64) })),
    ),
    variants,
    evaluations: [{ task: "text-generation", dataset: "MMLU", metric: "accuracy", value: 61.2 }],
    gate: found.gated
      ? {
          text: "Its makers answer each who asks: ask on its page, and set the hub's token in Settings.",
          url: `${endpoint}/${found.name}`,
        }
      : null,
    unusable: variants.length
      ? null
      : {
          code: "bad_request",
          message: `${found.name} is an adapter (LoRA), no model by itself.`,
          who: "hub",
          hint: "Pull its base model and add the adapter to it.",
        },
    url: `${endpoint}/${found.name}`,
    offline: false,
    reason: null,
  };
}

const away = { code: "hub_unreachable", message: "Serai is set to stay offline.", who: "you", hint: "" };

export function hub(state, rest, url, miss) {
  const offline = state.settings.find((setting) => setting.key === "hub.offline").value;
  const name = rest.slice(1).join("/");
  const told = { offline, reason: offline ? away : null };
  if (name) {
    const found = all.find((known) => known.name === name);
    if (!found) throw miss(`There is no model called '${name}'.`, { nearest: ["Qwen/Qwen3-1.7B-GGUF"] });
    return [200, { ...page(found, "https://huggingface.co"), ...told }];
  }
  const want = (key) => (url.searchParams.get(key) ?? "").toLowerCase();
  const models = all.filter(
    (known) =>
      known.name.toLowerCase().includes(want("query")) &&
      (!want("task") || known.task === want("task")) &&
      (!want("format") || known.formats.includes(want("format"))) &&
      (!want("license") || known.license === want("license")) &&
      (!want("speaks") || known.languages.includes(want("speaks"))),
  );
  return [200, { models, next: null, ...told }];
}

const kind = (model) => (model.source === "embedded" ? "embedded" : model.source === "hub" ? "hub" : "file");

export function store(state, method, rest) {
  const row = (model) => ({
    name: model.name,
    format: model.format,
    size: model.size,
    path: model.path,
    kind: kind(model),
    pinned: model.pinned,
    last_used_at: model.last_used_at,
    added_at: model.added_at,
    repo: model.source === "hub" ? model.name.split(":")[0] : null,
    revision: null,
    commit: "c".repeat(40),
    newest: null,
    checked_at: null,
    update: model.name.startsWith("TheBloke/"),
  });
  const models = [...state.models.values()].map(row);
  if (method === "POST" && rest[0] === "updates") return [200, { updates: models.filter((one) => one.update) }];
  if (method === "POST" && rest[0] === "gc") return [200, { found: [], size: 0, freed: 0 }];
  if (method === "POST") return [202, state.download("verify")];
  if (rest[0] !== "models")
    return [200, { cache: "~/.cache/huggingface", used: 6.4 * GB, free: 41 * GB, total: 120 * GB, quota: 0, models }];
  const found = models.find((one) => one.name === rest.slice(1).join("/"));
  const file = {
    name: "model.gguf",
    path: "",
    size: found?.size ?? 0,
    etag: null,
    state: "verified",
    verified_at: now(),
  };
  return [200, { ...found, files: found?.kind === "embedded" ? [] : [file] }];
}
