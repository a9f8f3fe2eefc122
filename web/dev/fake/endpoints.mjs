/** The fake server's Endpoints at Hugging Face: they run some looks after they were begun. */

import { id, now } from "./state.mjs";

const LOOKS = 2;
const machine = (instance_type, accelerator = "gpu", instance_size = "x1", vendor = "aws", region = "us-east-1") => ({
  vendor,
  region,
  accelerator,
  instance_type,
  instance_size,
});
const hardware = [
  ["Intel Ice Lake", machine("intel-icl", "cpu", "x2"), 4, null, 0.067],
  ["Nvidia L4", machine("nvidia-l4"), 30, 24, 0.8],
  ["Nvidia A100", machine("nvidia-a100"), 145, 80, 2.5],
  ["Nvidia T4", machine("nvidia-t4", "gpu", "x1", "gcp", "us-east4"), 15, 16, null],
].map(([title, where, memory_gb, gpu_memory_gb, price_per_hour]) => ({
  id: [where.vendor, where.region, where.instance_type, where.instance_size].join("-"),
  machine: where,
  title,
  status: "available",
  accelerators: 1,
  cpus: 2,
  memory_gb,
  gpu_memory_gb,
  price_per_hour,
}));

const FREE = ["paused", "scaledToZero", "failed"];
function cost(one, least, most, running) {
  const price = one?.price_per_hour ?? null;
  const times = (n) => (price === null ? null : price * n);
  const why = price === null ? "It is on no price list." : "";
  return {
    replica: price,
    least: times(least),
    most: times(most),
    now: running === undefined ? null : times(running),
    currency: "USD",
    seen_at: now() - 600,
    why,
  };
}

function endpoint(fields) {
  return {
    namespace: "alice",
    task: "text-generation",
    revision: "main",
    framework: "pytorch",
    type: "authenticated",
    message: "",
    url: "https://abc.us-east-1.aws.endpoints.huggingface.cloud",
    machine: hardware[1].machine,
    min_replica: 0,
    max_replica: 2,
    ready_replica: 0,
    scale_to_zero_timeout: 15,
    created_at: "2026-11-20T10:00:00Z",
    updated_at: "2026-11-20T10:00:00Z",
    looks: 0,
    ...fields,
  };
}

export const seededEndpoints = () =>
  [
    endpoint({
      name: "feelings",
      repository: "acme/mood",
      task: "text-classification",
      state: "running",
      ready_replica: 1,
    }),
    endpoint({ name: "llama-at-night", repository: "acme/llama-3-70b", state: "scaledToZero" }),
    endpoint({ name: "old-idea", repository: "acme/idea", state: "paused", machine: hardware[3].machine }),
    endpoint({ name: "too-large", repository: "acme/giant", state: "failed", message: "CUDA out of memory.", url: "" }),
  ].map((one) => [one.name, one]);

const shown = ({ looks: _looks, ...one }) => {
  const found = hardware.find(({ machine }) => JSON.stringify(machine) === JSON.stringify(one.machine));
  const running = FREE.includes(one.state) ? 0 : Math.max(1, one.ready_replica);
  return { ...one, cost: cost(found, one.min_replica, one.max_replica, running) };
};

function look(state, one) {
  if (!["pending", "initializing"].includes(one.state)) return;
  if (one.looks++ < LOOKS) return;
  Object.assign(one, { state: "running", ready_replica: 1 });
  for (const job of state.jobs.values())
    if (job.kind === "endpoint.wait" && job.args.name === one.name && job.state === "running") {
      Object.assign(job, { state: "done", updated_at: now() });
      state.publish("job", job);
    }
}

function wait(state, { name, namespace }) {
  const at = now();
  const job = {
    id: id("job"),
    kind: "endpoint.wait",
    title: `Endpoint ${name}`,
    state: "running",
    priority: 0,
    args: { name, namespace, service: "", seconds: 86_400 },
    result: null,
    progress: { done: null, total: null, rate: null, eta_s: null, note: `${name} is pending.`, parts: [] },
    error: null,
    created_at: at,
    updated_at: at,
  };
  state.jobs.set(job.id, job);
  state.publish("job", job);
  return job;
}

export const endpointHardware = () => [200, { hardware, seen_at: now() - 600, error: null }];
export const endpointCost = (_state, _method, _rest, given) => [
  200,
  cost(
    hardware.find((one) => one.id === given.hardware),
    given.min_replica,
    given.max_replica,
  ),
];

/** Answers below `/endpoints`, as `[status, body]`; `fault` makes an error. */
export function endpoints(state, method, [name, verb], given, fault) {
  const { endpoints: all } = state;
  for (const one of all.values()) look(state, one);
  if (!name && method === "GET") return [200, { endpoints: [...all.values()].map(shown) }];
  if (!name) {
    if (all.has(given.name)) throw fault(409, "conflict", "Endpoint name already in use", "Choose another name.");
    const where = hardware.find((one) => one.id === given.hardware).machine;
    const { max_hourly: _most, hardware: _id, ...fields } = given;
    all.set(given.name, endpoint({ ...fields, machine: where, state: "pending", message: "Scheduling", url: "" }));
    return [201, shown(all.get(given.name))];
  }
  const one = all.get(name);
  if (!one) throw fault(404, "not_found", `There is no Endpoint called '${name}' in alice.`, "");
  if (method === "DELETE") return (all.delete(name), [204]);
  if (verb === "wait") return [202, wait(state, one)];
  if (verb === "logs") return [200, { text: "- started\n- ready\n" }];
  if (verb === "use") return [201, { name: given.name }];
  const to = { pause: "paused", resume: "initializing", "scale-to-zero": "scaledToZero" }[verb];
  Object.assign(one, { state: to ?? one.state, looks: 0, ready_replica: 0 });
  return [200, shown(one)];
}
