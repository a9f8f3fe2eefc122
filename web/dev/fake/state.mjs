/** The fake server's memory: sessions as trees of messages, models, jobs, events; and answers that stream. */

import { seededBudgets } from "./budgets.mjs";
import * as data from "./data.mjs";
import { seededEndpoints } from "./endpoints.mjs";
import { seededHooks } from "./hooks.mjs";
import { seededLive, seededPast } from "./monitor.mjs";
import { seededServices } from "./remote.mjs";
import { seededRoutes } from "./ways.mjs";

let counter = Math.floor(Date.now() / 1000) % 100000;
export const id = (prefix) => `${prefix}_${(++counter).toString(16).padStart(8, "0")}`;
export const now = () => Date.now() / 1000;

export class State {
  constructor({ empty = false, speed = 60, messages = 0 } = {}) {
    this.speed = speed;
    this.models = new Map([data.guide(), ...(empty ? [] : data.realModels())].map((m) => [m.name, m]));
    this.suggestions = data.suggestions();
    this.settings = data.settings();
    this.sessions = new Map();
    this.messages = new Map();
    this.jobs = new Map();
    this.keys = [];
    this.prices = new Map();
    this.endpoints = new Map(empty ? [] : seededEndpoints());
    this.hooks = new Map(empty ? [] : seededHooks());
    this.budgets = new Map(empty ? [] : seededBudgets());
    this.live = empty ? [] : seededLive();
    this.past = empty ? [] : seededPast();
    this.ways = new Map(empty ? [] : seededRoutes());
    this.services = new Map(empty ? [] : seededServices());
    this.secrets = new Map();
    this.runs = new Map();
    this.events = [];
    this.watchers = new Set();
    this.boot = Date.now().toString(36);
    this.failLoad = false;
    this.engine = "auto";
    this.log = ["loading model", "llama_model_loader: 28 layers", "srv: listening", "slot 0: prompt done"].map(
      (text, i) => ({ number: i + 1, time: now() - 60 + i, text }),
    );
    if (!empty) this.seed(messages);
  }

  publish(topic, body) {
    const event = { id: `${this.boot}-${this.events.length}`, topic, body: JSON.stringify(body) };
    this.events.push(event);
    for (const watcher of this.watchers) watcher(event);
  }

  session(fields) {
    const session = {
      id: id("ses"),
      title: "",
      model: null,
      system: "",
      settings: {},
      folder: null,
      pinned: false,
      private: false,
      created_at: now(),
      updated_at: now(),
      streaming: false,
      leaf: null,
      deleted: false,
      ...fields,
    };
    this.sessions.set(session.id, session);
    return session;
  }

  shown({ leaf: _leaf, deleted: _deleted, ...session }) {
    return session;
  }

  message(session, fields) {
    const message = {
      id: id("msg"),
      session: session.id,
      parent: session.leaf,
      role: "user",
      text: "",
      state: "done",
      model: null,
      answerer: null,
      usage: null,
      tried: [],
      error: null,
      created_at: now(),
      ...fields,
    };
    this.messages.set(message.id, message);
    session.leaf = message.id;
    return message;
  }

  out(message) {
    const siblings = [...this.messages.values()].filter(
      (m) => m.session === message.session && m.parent === message.parent,
    );
    return { ...message, siblings: siblings.map((m) => m.id) };
  }

  branch(session) {
    const found = [];
    for (let at = session.leaf; at; at = this.messages.get(at).parent) found.unshift(this.out(this.messages.get(at)));
    return found;
  }

  newestLeaf(from) {
    const children = [...this.messages.values()].filter((m) => m.parent === from);
    return children.length ? this.newestLeaf(children.at(-1).id) : from;
  }

  done(session, text, answer, extra = {}) {
    this.message(session, { text });
    return this.message(session, {
      role: "assistant",
      text: answer,
      model: "Qwen/Qwen3-1.7B-GGUF:Q4_K_M",
      answerer: this.answerer("Qwen/Qwen3-1.7B-GGUF:Q4_K_M"),
      usage: {
        prompt_tokens: 812,
        completion_tokens: 238,
        cached_tokens: 640,
        first_token_s: 0.18,
        total_s: 6.1,
        tokens_per_second: 41.2,
        prompt_tokens_per_second: 310,
        cost: null,
        from_cache: false,
      },
      ...extra,
    });
  }

  answerer(model) {
    const service = [...this.services.values()].find(({ name }) => model.startsWith(`${name}/`));
    if (service)
      return { model, backend: service.name, place: service.name, device: "", device_reason: "", why: "You chose it." };
    const why = "It runs already and can do what was asked.";
    return { model, backend: "llama.cpp", place: "local", device: "CPU", device_reason: "no GPU was found", why };
  }

  seed(many) {
    const sky = this.session({ title: "Why the sky is blue", model: "Qwen/Qwen3-1.7B-GGUF:Q4_K_M" });
    this.done(sky, "Why is the sky blue? Keep it short, then show it in code.", data.poem, {
      tried: data.tried,
    });
    this.message(sky, { role: "reset" });
    this.done(
      sky,
      "And at sunset?",
      "The light travels a longer way through the air. Most blue is already scattered out of the beam, so what is left is **red and orange**.",
    );
    const persian = this.session({
      title: "چرا آسمان آبی است",
      model: "Qwen/Qwen3-1.7B-GGUF:Q4_K_M",
      updated_at: now() - 400,
    });
    this.done(persian, "چرا آسمان آبی است؟ کوتاه بگو و بعد با کد نشان بده.", data.persian);
    const titles = [
      "Translate a contract",
      "Persian poem, line by line",
      "Fixing a Dockerfile",
      "Rust lifetimes, with examples",
      "Reise nach Isfahan",
      "Grocery list from recipes",
      "Unit tests for a parser",
    ];
    titles.forEach((title, i) => {
      const session = this.session({
        title,
        updated_at: now() - 3600 * (3 + i * 17),
        folder: i % 3 === 0 ? "Work" : null,
        pinned: i === 4,
      });
      this.done(session, title, `About *${title}*: here is a short answer.`);
    });
    const failed = this.session({ title: "A model that did not load", updated_at: now() - 9000, model: "mistral-7b" });
    this.message(failed, { text: "Summarise this contract." });
    this.message(failed, {
      role: "assistant",
      state: "failed",
      model: "mistral-7b",
      error: {
        code: "load_failed",
        who: "model",
        message: "Mistral 7B needs 5.8 GB of memory; 4.9 GB are free.",
        hint: "Choose a smaller quantisation or unload another model.",
      },
    });
    if (many) {
      const long = this.session({ title: `${many} messages`, updated_at: now() - 10 });
      for (let i = 0; i < many / 2; i++)
        this.done(
          long,
          `Question ${i + 1}`,
          i % 3 ? `Answer ${i + 1}: ${"some words ".repeat((i * 7) % 90)}` : data.poem,
        );
    }
  }

  /** Starts an answer: waits for the model, streams pieces, ends. */
  answer(session, message) {
    const run = { pieces: [], readers: new Set(), timers: [], message, session };
    this.runs.set(message.id, run);
    session.streaming = true;
    this.publish("session", this.shown(session));
    void this.generate(run);
  }

  async generate(run) {
    const { message, session } = run;
    const name =
      message.model ??
      session.model ??
      [...this.models.values()].find((m) => m.source !== "embedded" && m.state === "ready")?.name ??
      "serai-guide";
    const known = this.models.get(name) ?? this.models.get("serai-guide");
    const remote = [...this.services.keys()].some((service) => name.startsWith(`${service}/`));
    const model = remote ? { name, state: "ready" } : known;
    if (remote && session.private) return this.end(run, { state: "failed", error: data.bound });
    if (model.state !== "ready") {
      this.tell(run, { event: "state", data: { state: "waiting", note: `Loading ${model.title}` } });
      await this.load(model.name);
      if (run.stopped) return;
    }
    if (model.state === "failed") return this.end(run, { state: "failed", error: { ...model.error, who: "model" } });
    message.state = "streaming";
    message.model = model.name;
    message.answerer = this.answerer(model.name);
    this.tell(run, { event: "state", data: { state: "streaming", note: "" } });
    const question = this.messages.get(message.parent)?.text ?? "";
    let text =
      model.source === "embedded" ? data.guideAnswer : /[\u0600-\u06ff]/.test(question) ? data.persian : data.poem;
    if (/long/i.test(question)) text = Array.from({ length: 12 }, () => text).join("\n\n");
    const pieces = text.match(/\s*\S+/g);
    const started = now();
    for (let i = 0; i < pieces.length;) {
      await new Promise((resolve) => run.timers.push(setTimeout(resolve, Math.max(5, 1000 / this.speed))));
      if (run.stopped) return;
      const take = Math.max(1, Math.round(this.speed / 200));
      const piece = pieces.slice(i, (i += take)).join("");
      run.pieces.push(piece);
      this.tell(run, { event: "piece", id: run.pieces.length, data: { seq: run.pieces.length, text: piece } });
    }
    const seconds = now() - started;
    const usage = {
      prompt_tokens: 620,
      completion_tokens: pieces.length,
      cached_tokens: 410,
      first_token_s: 0.18,
      total_s: seconds,
      tokens_per_second: pieces.length / seconds,
      prompt_tokens_per_second: 320,
      cost: message.answerer.place === "local" ? null : 0.00042,
      from_cache: /again/i.test(question),
    };
    this.end(run, {
      state: "done",
      usage,
      tried: /sky/i.test(question) ? data.tried : [],
    });
  }

  tell(run, event) {
    for (const reader of run.readers) reader(event);
  }

  end(run, fields) {
    const { message, session } = run;
    run.stopped = true;
    run.timers.forEach(clearTimeout);
    Object.assign(message, fields, { text: message.text + run.pieces.join("") });
    this.runs.delete(message.id);
    session.streaming = false;
    session.updated_at = now();
    this.tell(run, { event: "end", data: this.out(message) });
    this.publish("session", this.shown(session));
    return this.out(message);
  }

  async load(name) {
    const model = this.models.get(name);
    if (model.state === "ready") return;
    const starting = { since: now(), memory: model.size * 0.6, needed: model.size * 1.4 };
    Object.assign(model, { state: "loading", error: null, starting });
    this.publish("model", model);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    if (model.state !== "loading") return;
    model.starting = null;
    if (this.failLoad || name === "mistral-7b") {
      Object.assign(model, {
        state: "failed",
        error: {
          code: "load_failed",
          message: `${model.title} needs 5.8 GB of memory; 4.9 GB are free.`,
          hint: "Choose a smaller quantisation or unload another model.",
        },
      });
    } else {
      Object.assign(model, {
        state: "ready",
        running: data.process({
          pid: 5000 + counter,
          memory: model.size * 1.4,
          needed: model.size * 1.5,
          context: Math.min(8192, model.context_length),
          since: now(),
          last_used_at: null,
          load_s: 1.5,
        }),
      });
    }
    this.publish("model", model);
  }

  forget(id) {
    this.jobs.delete(id);
    this.publish("job.removed", { id });
  }

  /** Jobs that have ended leave the list. */
  clear() {
    const over = [...this.jobs.values()].filter((job) => ["done", "cancelled"].includes(job.state));
    for (const { id } of over) this.forget(id);
    return over.map(({ id }) => id);
  }

  download(name) {
    const known = this.suggestions.find((s) => s.name === name);
    const job = {
      id: id("job"),
      kind: "download",
      title: known?.title ?? name,
      principal: "owner",
      state: "running",
      args: { model: name },
      progress: { done: 0, total: known?.size ?? 8e8, rate: 38e6, eta_s: 20, note: "", parts: [] },
      result: null,
      error: null,
      created_at: now(),
      updated_at: now(),
      priority: 0,
    };
    this.jobs.set(job.id, job);
    if (known) Object.assign(known, { state: "downloading", job: job.id });
    const tick = setInterval(() => {
      if (job.state === "cancelled" || job.state === "done") return clearInterval(tick);
      if (job.state !== "running") return;
      const p = job.progress;
      p.done = Math.min(p.total, p.done + p.total / 24);
      p.rate = (p.total / 24) * 4;
      p.eta_s = (p.total - p.done) / p.rate;
      job.updated_at = now();
      if (p.done >= p.total) this.arrive(job, known);
      this.publish("job", job);
    }, 250);
    this.publish("job", job);
    return job;
  }

  /** A native build in some seconds. */
  build() {
    const job = {
      id: id("job"),
      kind: "engine.build",
      title: "native llama-server",
      principal: "owner",
      state: "running",
      args: {},
      progress: { done: 0, total: null, rate: null, eta_s: null, note: data.building[0] },
      result: null,
      error: null,
      created_at: now(),
      updated_at: now(),
    };
    this.jobs.set(job.id, job);
    let beats = 0;
    const tick = setInterval(() => {
      if (job.state === "cancelled") return clearInterval(tick);
      if (job.state !== "running") return;
      beats += 1;
      const step = Math.min(4, Math.floor(beats / 4));
      job.progress = {
        ...job.progress,
        note: data.building[step],
        done: beats,
        total: step === 3 ? 20 : null,
        eta_s: 300,
      };
      if (beats > 20) {
        clearInterval(tick);
        job.state = "done";
        this.engine = "b6900-1a2b3c4d";
      }
      job.updated_at = now();
      this.publish("job", job);
    }, 500);
    this.publish("job", job);
    return job;
  }

  arrive(job, known) {
    job.state = "done";
    job.result = { model: job.args.model };
    if (!known) return;
    known.state = "on_disk";
    const model = {
      ...data.realModels()[1],
      name: known.name,
      title: known.title,
      size: known.size,
      parameters: known.parameters,
      context_length: known.context_length,
      languages: known.languages,
    };
    this.models.set(model.name, model);
    this.publish("model", model);
  }
}
