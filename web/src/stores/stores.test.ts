import { describe, expect, it, vi } from "vitest";
import type { Job, Model, Session } from "$/lib/api/types";
import { EventStream } from "$/services/events";
import { ApiError, report } from "$/services/http";
import { poll } from "$/lib/poll";
import * as api from "$/services/models";
import { until, withFake } from "$/testing/fake";
import { Connection } from "./connection.svelte";
import { Jobs, priorityOf } from "./jobs.svelte";
import { Models } from "./models.svelte";
import { Running } from "./running.svelte";
import { Sessions } from "./sessions.svelte";
import { fixed, Settings } from "./settings.svelte";
import { Toasts } from "./toasts.svelte";

const server = withFake();

describe("sessions", () => {
  it("are found by their text, and one by one", async () => {
    const sessions = new Sessions(new EventStream());
    await sessions.search("sky");
    expect(sessions.all.map((session) => session.title)).toEqual(["Why the sky is blue"]);
    await sessions.search("");
    expect(sessions.all.length).toBeGreaterThan(5);
  });

  it("come in pages", async () => {
    for (let i = 0; i < 80; i++) server.fake.state.session({ title: `chat ${i}`, updated_at: i });
    const sessions = new Sessions(new EventStream());
    await sessions.fetch();
    expect(sessions.more).toBe(true);
    await sessions.fetchMore();
    expect(sessions.more).toBe(false);
    expect(new Set(sessions.all.map((session) => session.id)).size).toBe(90);
  });

  it("are deleted and brought back", async () => {
    const sessions = new Sessions(new EventStream());
    await sessions.fetch();
    const { id } = sessions.all[0]!;
    await sessions.remove(id);
    expect(sessions.find(id)).toBeUndefined();
    await sessions.restore(id);
    expect(sessions.find(id)).toBeDefined();
  });

  it("follow events, in the folder that is shown", async () => {
    const events = new EventStream();
    const sessions = new Sessions(events);
    await sessions.inFolder("Work");
    const before = sessions.all.length;
    events.emit("session", { id: "x", title: "", folder: "Home" } as Session);
    expect(sessions.all).toHaveLength(before);
    events.emit("session", { id: "x", title: "", folder: "Work" } as Session);
    expect(sessions.all).toHaveLength(before + 1);
    expect(sessions.folders).toEqual(["Home", "Work"]);
    events.emit("session.deleted", { id: "x" });
    expect(sessions.find("x")).toBeUndefined();
  });
});

describe("models", () => {
  it("load, run and unload, each change an event away", async () => {
    const events = new EventStream();
    const models = new Models(events);
    await models.fetch();
    events.start();
    await until(() => server.fake.state.watchers.size === 1);
    const name = "TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF:Q4_K_M";
    await models.load(name);
    expect(models.find(name)!.state).toBe("loading");
    await until(() => models.find(name)!.state === "ready");
    await models.unload(name);
    await until(() => models.find(name)!.state === "on_disk");
    events.stop();
  });

  it("know when only the guide is there", async () => {
    const models = new Models(new EventStream());
    expect(models.guideOnly).toBe(false);
    await models.fetch();
    for (const model of models.real) models.drop(model.name);
    expect(models.guideOnly).toBe(true);
  });
});

describe("what runs", () => {
  const ready = (tokens: number, pid = 1): Model => ({ name: "m", state: "ready", running: { pid, tokens } }) as Model;

  it("comes with the speed since the last look, for the life of its process", async () => {
    const running = new Running(new Models(new EventStream()));
    const answer = vi.spyOn(api, "running");
    const now = vi.spyOn(performance, "now");
    for (const [at, tokens, pid] of [
      [0, 100, 1],
      [2000, 180, 1],
      [4000, 180, 1],
      [6000, 7, 2],
    ] as const) {
      now.mockReturnValue(at);
      answer.mockResolvedValue({ running: [ready(tokens, pid)], budget: { devices: [] } });
      await running.fetch();
      if (at === 4000) expect(running.speeds.m).toEqual([40, 0]);
    }
    expect(running.speeds.m).toEqual([]);
    expect(running.now("nobody")).toBe(0);
  });

  it("is healed when an event was overtaken by an older answer", async () => {
    const models = new Models(new EventStream());
    await models.fetch();
    models.put({ ...models.find("mistral-7b")!, state: "ready", running: models.running[0]!.running });
    await new Running(models).fetch();
    expect(models.find("mistral-7b")!.running).toBeNull();
  });

  it("is asked for only while someone looks", async () => {
    const answer = vi.spyOn(api, "running");
    const running = new Running(new Models(new EventStream()));
    expect(answer).not.toHaveBeenCalled();
    const [first, second] = [running.watch(), running.watch()];
    await until(() => running.devices.length === 1);
    expect(answer).toHaveBeenCalledTimes(1);
    first();
    second();
  });
});

describe("repeated work", () => {
  it("never overlaps, rests while the page is hidden, and ends", async () => {
    vi.useFakeTimers();
    const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(false);
    let finish = (): void => undefined;
    const work = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)));
    const end = poll(1000, work);
    await vi.advanceTimersByTimeAsync(5000);
    expect(work).toHaveBeenCalledTimes(1);
    finish();
    await vi.advanceTimersByTimeAsync(1000);
    expect(work).toHaveBeenCalledTimes(2);
    hidden.mockReturnValue(true);
    finish();
    await vi.advanceTimersByTimeAsync(5000);
    expect(work).toHaveBeenCalledTimes(2);
    hidden.mockReturnValue(false);
    document.dispatchEvent(new Event("visibilitychange"));
    expect(work).toHaveBeenCalledTimes(3);
    end();
    finish();
    await vi.advanceTimersByTimeAsync(5000);
    expect(work).toHaveBeenCalledTimes(3);
    vi.useRealTimers();
  });
});

describe("jobs", () => {
  it("run to their end", async () => {
    const events = new EventStream();
    const jobs = new Jobs(events);
    events.start();
    await until(() => server.fake.state.watchers.size === 1);
    const { id } = await jobs.download("Qwen/Qwen3-0.6B-GGUF:Q8_0");
    expect(jobs.bringing("Qwen/Qwen3-0.6B-GGUF:Q8_0")!.id).toBe(id);
    await jobs.pause(id);
    expect(jobs.find(id)!.state).toBe("paused");
    await jobs.cancel(id);
    expect(jobs.active).toHaveLength(0);
    events.stop();
  });

  it("are put first, taken off the list, and cleared, live", async () => {
    const events = new EventStream();
    const jobs = new Jobs(events);
    events.start();
    await until(() => server.fake.state.watchers.size === 1);
    const [first, second] = [await jobs.download("a/b"), await jobs.download("c/d")];
    expect(priorityOf(await jobs.prioritise(first.id, "high"))).toBe("high");
    await jobs.pauseAll();
    expect(jobs.moving).toHaveLength(0);
    await jobs.cancel(first.id);
    await jobs.clear();
    server.fake.state.forget(second.id);
    await until(() => jobs.downloads.length === 0);
    events.stop();
  });

  it("are told together", () => {
    const jobs = new Jobs(new EventStream());
    const job = (id: string, state: string, progress: object): void =>
      void jobs.put({ id, kind: "download", state, updated_at: 1, progress } as unknown as Job);
    job("a", "running", { done: 10, total: 100, rate: 5 });
    job("b", "queued", { done: null, total: null, rate: null });
    job("c", "paused", { done: 1, total: 1000, rate: 7 });
    job("d", "failed", { done: 1, total: 1000, rate: null });
    expect(jobs.together).toEqual({ done: 10, total: 100, rate: 5, left: 18 });
    expect([jobs.moving.length, jobs.failed.length]).toEqual([2, 1]);
  });

  it("never go back to an older state", () => {
    const jobs = new Jobs(new EventStream());
    jobs.put({ id: "j", state: "done", updated_at: 2 } as Job);
    jobs.put({ id: "j", state: "running", updated_at: 1 } as Job);
    expect(jobs.find("j")!.state).toBe("done");
  });
});

describe("settings", () => {
  it("that the environment holds are fixed", async () => {
    const settings = new Settings();
    await settings.fetch();
    const by = Object.fromEntries(settings.all.map((setting) => [setting.key, fixed(setting)]));
    expect([by["server.port"], by["models.context"], by["hub.offline"]]).toEqual([true, false, false]);
  });

  it("keep the reason of a refusal until they are right", async () => {
    const settings = new Settings();
    await settings.fetch();
    await expect(settings.change("models.parallel", "many")).rejects.toThrow("does not fit");
    expect(settings.refused["models.parallel"]!.message).toContain("whole number");
    await settings.change("models.parallel", 8);
    expect(settings.refused).toEqual({});
  });
});

describe("the connection", () => {
  it("notices absence and return", () => {
    const connection = new Connection();
    const end = connection.start();
    report(new ApiError({ code: "away", message: "" }));
    expect(connection.state).toBe("away");
    report(null);
    report(null);
    expect([connection.state, connection.returns]).toEqual(["connected", 1]);
    report(new ApiError({ code: "unauthenticated", message: "", status: 401 }));
    expect(connection.state).toBe("locked");
    end();
  });
});

describe("toasts", () => {
  it("go by themselves, but not while somebody reads", () => {
    vi.useFakeTimers();
    const toasts = new Toasts();
    const id = toasts.show("hello");
    toasts.hold(id);
    vi.advanceTimersByTime(60_000);
    expect(toasts.items).toHaveLength(1);
    toasts.release(id);
    vi.advanceTimersByTime(4000);
    expect(toasts.items).toHaveLength(0);
    vi.useRealTimers();
  });

  it("are never many", () => {
    const toasts = new Toasts();
    for (let i = 0; i < 9; i++) toasts.show(String(i));
    expect(toasts.items).toHaveLength(4);
  });
});
