/** The fake server's routes, as the contract names them. */

import { budgets, charge } from "./budgets.mjs";
import * as data from "./data.mjs";
import { endpointCost, endpointHardware, endpoints } from "./endpoints.mjs";
import { hooks } from "./hooks.mjs";
import { hub, store } from "./hub.mjs";
import { calls, stats } from "./monitor.mjs";
import { prices } from "./prices.mjs";
import { kindList, ownKeys, services } from "./remote.mjs";
import { ways } from "./ways.mjs";
import { id, now } from "./state.mjs";

class Fault extends Error {
  constructor(status, code, message, hint, facts = {}) {
    super(message);
    Object.assign(this, { status, code, hint, facts });
  }
}
const missing = (what) => new Fault(404, "not_found", `There is no such ${what}.`, "");

async function body(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text ? JSON.parse(text) : {};
}

const need = (map, key, what) => {
  const found = map.get(key);
  if (!found) throw missing(what);
  return found;
};

export async function routes(state, request, response, url) {
  const path = url.pathname.replace("/api/v1", "");
  const json = (status, value) => {
    response.writeHead(status, { "content-type": "application/json", "x-request-id": id("req") });
    response.end(status === 204 ? "" : JSON.stringify(value));
  };
  try {
    if (path === "/events") return events(state, request, response);
    const stream = /^\/messages\/([^/]+)\/stream$/.exec(path);
    if (stream) return follow(state, request, response, stream[1], Number(url.searchParams.get("after") ?? 0));
    const [status, value] = await answer(state, request, url, path);
    json(status, value);
  } catch (error) {
    json(error.status ?? 500, {
      error: {
        code: error.code ?? "internal",
        message: error.message,
        who: "serai",
        hint: error.hint,
        facts: error.facts,
        request_id: id("req"),
      },
    });
  }
}

function sse(response) {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(":\n\n");
  return ({ event, id, data }) =>
    response.write(`event: ${event}\n${id ? `id: ${id}\n` : ""}data: ${JSON.stringify(data)}\n\n`);
}

function events(state, request, response) {
  const write = sse(response);
  const last = request.headers["last-event-id"];
  const send = ({ id, topic, body }) => response.write(`event: ${topic}\nid: ${id}\ndata: ${body}\n\n`);
  const [boot, n] = (last ?? "").split("-");
  if (last && boot !== state.boot) write({ event: "reset", data: {} });
  else if (last) state.events.slice(Number(n) + 1).forEach(send);
  state.watchers.add(send);
  const pulse = setInterval(() => beat(state), 2000);
  request.on("close", () => (clearInterval(pulse), state.watchers.delete(send)));
}

function beat(state) {
  for (const model of state.models.values()) {
    if (!model.running?.tokens_per_second || model.source === "embedded") continue;
    model.running.tokens_per_second = 36 + Math.random() * 10;
    model.running.tokens += Math.round(model.running.tokens_per_second * 2);
    state.publish("model", model);
  }
}

function follow(state, request, response, mid, after) {
  const message = need(state.messages, mid, "message");
  const write = sse(response);
  const run = state.runs.get(mid);
  if (!run) return (write({ event: "end", data: state.out(message) }), response.end());
  write({ event: "state", data: { state: message.state, note: message.state === "waiting" ? "Loading" : "" } });
  run.pieces
    .slice(after)
    .forEach((text, i) => write({ event: "piece", id: after + i + 1, data: { seq: after + i + 1, text } }));
  const reader = (event) => (write(event), event.event === "end" && response.end());
  run.readers.add(reader);
  request.on("close", () => run.readers.delete(reader));
}

async function answer(state, request, url, path) {
  const method = request.method;
  const parts = path.split("/").filter(Boolean).map(decodeURIComponent);
  const [noun, ...rest] = parts;
  const given = method === "GET" || method === "DELETE" ? {} : await body(request);
  const handler = nouns[noun];
  if (!handler) throw missing("path");
  return handler(state, method, rest, given, url);
}

const nouns = {
  status(state) {
    const all = [...state.models.values()];
    return [
      200,
      {
        version: "0.1.0",
        started_at: now() - 4000,
        home: "~/.local/share/serai",
        offline: state.settings.find((x) => x.key === "hub.offline").value,
        place: "local",
        principal: { id: "owner", name: "owner" },
        running: all.filter((m) => m.running),
        loading: all.filter((m) => m.state === "loading").map((m) => m.name),
        memory: { used: 5.1 * 1024 ** 3, total: 16 * 1024 ** 3, models: 1.9e9 },
        models_count: all.length,
        notices: [],
      },
    ];
  },

  models(state, method, rest, given, url) {
    if (method === "GET" && rest.at(-1) === "fit")
      return [200, data.fit(need(state.models, rest.slice(0, -1).join("/"), "model"), url.searchParams)];
    const name = rest.join("/");
    if (method === "GET" && !name) return [200, { models: [...state.models.values()] }];
    if (method === "POST") {
      if (!/\.gguf$/.test(given.path))
        throw new Fault(
          400,
          "load_failed",
          `${given.path} is not a GGUF file.`,
          "Serai reads GGUF files; choose one that ends in .gguf.",
        );
      const model = {
        ...data.realModels()[1],
        name:
          given.name ??
          given.path
            .split("/")
            .pop()
            .replace(/\.gguf$/, ""),
        title: given.name ?? given.path.split("/").pop(),
        path: given.path,
        source: "file",
        state: "on_disk",
        running: null,
      };
      state.models.set(model.name, model);
      state.publish("model", model);
      return [201, model];
    }
    const model = need(state.models, name, "model");
    if (method === "PATCH") return (Object.assign(model, given), state.publish("model", model), [200, model]);
    if (method === "DELETE") return (state.models.delete(name), state.publish("model.removed", { name }), [204]);
    return [200, model];
  },

  running(state, method, rest, given, url) {
    if (method === "GET" && rest.at(-1) === "log") {
      const after = Number(url.searchParams.get("after") ?? 0);
      return [200, { lines: state.log.filter((line) => line.number > after) }];
    }
    if (method === "GET") {
      const running = [...state.models.values()].filter((m) => m.running || m.state === "loading");
      return [200, { running, budget: data.budget(running) }];
    }
    const model = need(state.models, method === "POST" ? given.model : rest.join("/"), "model");
    if (method === "POST") return (void state.load(model.name), [202, model]);
    Object.assign(model, { state: "on_disk", running: null, starting: null });
    state.publish("model", model);
    return [204];
  },

  suggestions: (state) => [200, { suggestions: state.suggestions }],
  hub: (state, _method, rest, _given, url) =>
    hub(
      state,
      rest,
      url,
      (message, facts) => new Fault(404, "model_not_found", message, "Did you mean another?", facts),
    ),
  store: (state, method, rest) => store(state, method, rest),
  downloads: (state, _method, _rest, given) => [202, state.download(given.model)],

  engines(state, method, rest, given) {
    if (rest[0] === "build") return [202, state.build()];
    if (method === "DELETE") state.engine = "auto";
    if (method === "PUT") {
      if (given.name.startsWith("/no"))
        throw new Fault(400, "bad_request", `${given.name} cannot be used: No such file or directory.`, "");
      state.engine = given.name;
    }
    return method === "DELETE" ? [204] : [200, data.engines(state.engine)];
  },

  jobs(state, method, [jid, verb], given) {
    if (!jid && method === "DELETE") return [200, { removed: state.clear() }];
    if (!jid) return [200, { jobs: [...state.jobs.values()] }];
    const job = need(state.jobs, jid, "job");
    if (method === "PATCH") {
      Object.assign(job, given, { updated_at: now() });
      state.publish("job", job);
    }
    if (method === "DELETE") return (state.forget(job.id), [204]);
    if (method === "POST") {
      job.state = { pause: "paused", resume: "running", cancel: "cancelled" }[verb];
      job.updated_at = now();
      const known = state.suggestions.find((s) => s.job === job.id);
      if (verb === "cancel" && known) Object.assign(known, { state: "absent", job: null });
      state.publish("job", job);
    }
    return [200, job];
  },

  sessions(state, method, [sid, sub, mid, verb], given, url) {
    if (!sid) return method === "POST" ? create(state, given) : list(state, url.searchParams);
    if (sid === "import") return [201, state.shown(state.session({ title: given.session?.title ?? "Imported" }))];
    const session = need(state.sessions, sid, "session");
    if (sub === "restore")
      return ((session.deleted = false), state.publish("session", state.shown(session)), [200, state.shown(session)]);
    if (session.deleted) throw missing("session");
    if (!sub) return one(state, method, session, given);
    if (sub === "export") return [200, { session: state.shown(session), messages: state.branch(session) }];
    if (sub === "select")
      return (
        (session.leaf = state.newestLeaf(given.message)),
        [200, { session: state.shown(session), messages: state.branch(session) }]
      );
    if (sub === "reset") return [201, state.out(state.message(session, { role: "reset" }))];
    return turns(state, session, mid, verb, given);
  },

  settings(state, method, _rest, given) {
    for (const [key, value] of Object.entries(given)) {
      const setting = state.settings.find((x) => x.key === key);
      if (!setting) throw new Fault(404, "not_found", `There is no setting '${key}'.`);
      if (setting.source.startsWith("SERAI_"))
        throw new Fault(409, "conflict", `${key} is set by ${setting.source}.`, "Change it in the environment.");
      if (setting.type === "integer" && !Number.isInteger(value) && value !== null)
        throw new Fault(
          400,
          "bad_request",
          `${key} = ${JSON.stringify(value)} does not fit: a whole number is needed.`,
          setting.description,
        );
      Object.assign(
        setting,
        value === null ? { value: setting.default, source: "default" } : { value, source: "serai.toml" },
      );
    }
    if (method === "PATCH") state.publish("settings", { keys: Object.keys(given) });
    return [200, { settings: state.settings, groups: data.groups }];
  },

  secrets(state, method, [name], given) {
    if (method === "PUT") return (state.secrets.set(name, given.value), [204]);
    if (method === "DELETE") return (state.secrets.delete(name), [204]);
    return [
      200,
      {
        secrets: [
          {
            name: "hf_token",
            set: state.secrets.has("hf_token"),
            source: state.secrets.has("hf_token") ? "database" : "",
          },
        ],
      },
    ];
  },

  keys(state, method, [kid, what], given) {
    if (what === "rotate") {
      const key = state.keys.find((one) => one.id === kid);
      key.prefix = "serai-Yk4g";
      key.former_until = given.grace_s ? now() + given.grace_s : null;
      return [200, { ...key, plain: "serai-Yk4gT0pQe9vYw2ZrB7mNcJ4sLhD8aUgK1iOxP5tRqE" }]; // scan: allow
    }
    if (method === "PATCH") {
      const key = state.keys.find((one) => one.id === kid);
      return [200, Object.assign(key, given)];
    }
    if (method === "POST") {
      const key = {
        id: id("key"),
        name: given.name,
        prefix: "serai-Xk3f",
        scopes: given.scopes ?? ["*"],
        limits: given.limits ?? {},
        former_until: null,
        created_at: now(),
        expires_at: given.expires_at ?? null,
        last_used_at: null,
      };
      state.keys.push(key);
      return [201, { ...key, plain: "serai-Xk3fT0pQe9vYw2ZrB7mNcJ4sLhD8aUgK1iOxP5tRqE" }]; // scan: allow
    }
    if (method === "DELETE") return ((state.keys = state.keys.filter((key) => key.id !== kid)), [204]);
    return [200, { keys: state.keys }];
  },

  calls: (state, method, rest, _given, url) =>
    calls(state, method, rest, url.searchParams, (...words) => new Fault(...words)),
  budgets: (state, method, rest, given) => budgets(state, method, rest, given, (...words) => new Fault(...words)),
  endpoints: (state, method, rest, given) => endpoints(state, method, rest, given, (...words) => new Fault(...words)),
  "endpoint-hardware": endpointHardware,
  "endpoint-cost": endpointCost,
  hooks: (state, method, rest, given) => hooks(state, method, rest, given, (...words) => new Fault(...words)),
  stats: (state, _method, _rest, _given, url) => stats(state, url.searchParams),
  prices,
  "provider-kinds": kindList,
  routes: (state, method, rest, given) => ways(state, method, rest, given, (...words) => new Fault(...words)),
  "own-keys": (state, method, rest, given) =>
    ownKeys(state.services, method, rest, given, (...words) => new Fault(...words)),
  providers: (state, method, rest, given) =>
    services(state.services, method, rest, given, (...words) => new Fault(...words)),

  hardware: () => [200, data.hardware],
  doctor: () => [200, { checks: data.checks }],
  version: () => [200, { version: "0.1.0", python: "3.11.9", platform: "Linux x86_64", engine: "llama.cpp" }],
  logs: (_state, _method, _rest, _given, url) => [
    200,
    {
      parts: ["server", "models"],
      lines: Array.from({ length: 60 }, (_, i) => ({
        time: now() - 600 + i * 10,
        level: ["info", "info", "debug", "warning", "error"][i % 5],
        message: [
          "request finished",
          "model ready",
          "piece committed",
          "hub did not answer in time",
          "a model process ended by signal 9",
        ][i % 5],
        part: url.searchParams.get("part"),
        path: "/api/v1/status",
        ms: i,
      })),
    },
  ],
};

function list(state, query) {
  const q = (query.get("q") ?? "").toLowerCase();
  const folder = query.get("folder");
  const limit = Number(query.get("limit") ?? 50);
  const before = Number(query.get("before") ?? Infinity);
  const found = [...state.sessions.values()]
    .filter((s) => !s.deleted && (!folder || s.folder === folder) && s.updated_at < before)
    .filter(
      (s) =>
        !q ||
        s.title.toLowerCase().includes(q) ||
        [...state.messages.values()].some((m) => m.session === s.id && m.text.toLowerCase().includes(q)),
    )
    .sort((a, b) => b.updated_at - a.updated_at);
  const page = found.slice(0, limit);
  return [
    200,
    { sessions: page.map((s) => state.shown(s)), next: found.length > limit ? page.at(-1).updated_at : null },
  ];
}

function create(state, given) {
  const session = state.session(given);
  state.publish("session", state.shown(session));
  return [201, state.shown(session)];
}

function one(state, method, session, given) {
  if (method === "GET") return [200, { session: state.shown(session), messages: state.branch(session) }];
  if (method === "DELETE")
    return ((session.deleted = true), state.publish("session.deleted", { id: session.id }), [204]);
  Object.assign(session, given);
  state.publish("session", state.shown(session));
  return [200, state.shown(session)];
}

function turns(state, session, mid, verb, given) {
  if (!mid) {
    if ("parent" in given) session.leaf = given.parent;
    const question = state.message(session, { text: given.text });
    const answer = state.message(session, { role: "assistant", state: "waiting", model: given.model ?? session.model });
    session.title ||= given.text.slice(0, 48);
    session.updated_at = now();
    const both = { question: state.out(question), answer: state.out(answer) };
    state.answer(session, answer);
    charge(state);
    return [202, both];
  }
  const old = need(state.messages, mid, "message");
  if (verb === "stop") {
    const run = state.runs.get(mid);
    return [200, run ? state.end(run, { state: "stopped" }) : state.out(old)];
  }
  if (verb === "regenerate") {
    session.leaf = old.role === "assistant" ? old.parent : old.id;
    const answer = state.message(session, { role: "assistant", state: "waiting", model: given.model ?? session.model });
    const out = { answer: state.out(answer) };
    state.answer(session, answer);
    return [202, out];
  }
  Object.assign(old, { state: "waiting", error: null });
  state.answer(session, old);
  return [202, { answer: state.out(old) }];
}
