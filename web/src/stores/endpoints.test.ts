import { beforeAll, describe, expect, it } from "vitest";
import { completeEndpoint, costWords, endpointFrom, freshEndpoint, nameFor, verbsOf } from "$/lib/endpoints";
import type { Endpoint, EndpointCost, Job } from "$/lib/api/types";
import { i18n } from "$/locales/i18n.svelte";
import { EventStream } from "$/services/events";
import { until, withFake } from "$/testing/fake";
import { Endpoints } from "./endpoints.svelte";
import { Jobs } from "./jobs.svelte";

beforeAll(() => i18n.use("en"));

const cost = (fields: Partial<EndpointCost>): EndpointCost => ({
  ...{ replica: 0.8, least: 0, most: 1.6, now: 0.8, currency: "USD", seen_at: null, why: "" },
  ...fields,
});
const L4 = "aws-us-east-1-nvidia-l4-x1";
const draft = { ...freshEndpoint(), name: "mood", repository: "acme/mood", hardware: L4 };

describe("an Endpoint that is written", () => {
  it("gets a name that Hugging Face takes", () => {
    expect(nameFor("acme/Llama-3.1_70B")).toBe("llama-3-1-70b");
    expect(completeEndpoint({ ...draft, name: "-mood" })).toBe(false);
    expect(completeEndpoint({ ...draft, least: 3, most: 2 })).toBe(false);
    expect(completeEndpoint(draft)).toBe(true);
  });

  it("may cost no more than what was shown; an unknown price bounds nothing", () => {
    expect(endpointFrom(draft, cost({})).max_hourly).toBe(1.6);
    expect(endpointFrom(draft, cost({ most: null }))).not.toHaveProperty("max_hourly");
  });

  it("sleeps only where none need run", () => {
    expect(endpointFrom(draft, null).scale_to_zero_timeout).toBe(15);
    expect(endpointFrom({ ...draft, least: 1 }, null)).not.toHaveProperty("scale_to_zero_timeout");
  });

  it("says an unknown price as such, and nothing only where nothing is paid", () => {
    expect(costWords(cost({ most: null, now: null }))).toEqual(["price unknown"]);
    expect(costWords(cost({ now: 0 }))[0]).toBe("costs nothing now");
  });

  it("offers what its state allows", () => {
    const offered = (state: string): string[] => verbsOf({ state } as Endpoint);
    expect(offered("paused")).toEqual(["resume"]);
    expect(offered("running")).toEqual(["scale-to-zero", "pause"]);
    expect(offered("updateFailed")).toContain("resume");
  });
});

describe("Endpoints", () => {
  withFake();
  const made = (events = new EventStream()): Endpoints =>
    new Endpoints(new Jobs(events), events, { namespace: "", service: "" });

  it("are waited for by name and namespace", async () => {
    const endpoints = made();
    await endpoints.create(draft, cost({}));
    const mood = endpoints.all.find((one) => one.name === "mood")!;
    expect(endpoints.waiting(mood)).toBeUndefined();
    await endpoints.wait("mood");
    expect(endpoints.waiting(mood)!.state).toBe("running");
    expect(endpoints.waiting({ ...mood, namespace: "somebody" })).toBeUndefined();
  });

  it("stand as Hugging Face says after what was done with them", async () => {
    const endpoints = made();
    await endpoints.fetch();
    const awake = endpoints.all.find((one) => one.state === "running")!;
    await endpoints.act(awake, "scale-to-zero");
    expect(endpoints.all.find((one) => one.name === awake.name)!.cost.now).toBe(0);
    await endpoints.remove(awake);
    expect(endpoints.all.map((one) => one.name)).not.toContain(awake.name);
  });

  it("are looked at again once somebody has waited for one", async () => {
    const events = new EventStream();
    const endpoints = made(events);
    const end = endpoints.watch();
    await until(() => endpoints.all.length > 0);
    endpoints.all = [];
    events.emit("job", { kind: "endpoint.wait", state: "done", args: {} } as Job);
    await until(() => endpoints.all.length > 0);
    end();
  });
});
