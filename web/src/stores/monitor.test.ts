import { describe, expect, it, vi } from "vitest";
import { EventStream } from "$/services/events";
import * as api from "$/services/monitor";
import type { Stats } from "$/lib/api/types";
import { until, withFake } from "$/testing/fake";
import { Monitor } from "./monitor.svelte";

withFake();

describe("the monitor", () => {
  it("shows what runs while somebody looks, and ends it", async () => {
    const events = new EventStream();
    const monitor = new Monitor(events);
    const leave = monitor.watch();
    await until(() => monitor.live.length === 2);
    await monitor.cancel("call_live1");
    expect(monitor.live.map((call) => call.id)).toEqual(["call_live2"]);
    leave();
    const asked = vi.spyOn(api, "live");
    events.emit("call", { id: "x", state: "waiting", model: "" });
    expect(asked).not.toHaveBeenCalled();
    asked.mockRestore();
  });

  it("tells calls apart as it is asked; a newer question overtakes an older one", async () => {
    const monitor = new Monitor(new EventStream());
    await monitor.show({ by: "place", span: "day" });
    expect(monitor.stats!.groups.map((group) => group.name).sort()).toEqual(["groq", "local"]);
    let arrive: (late: Stats) => void = () => undefined;
    const slow = new Promise<Stats>((resolve) => (arrive = resolve));
    const asked = vi.spyOn(api, "stats").mockReturnValueOnce(slow);
    const older = monitor.show({ by: "model" });
    await monitor.show({ by: "key" });
    arrive({ by: "model" } as Stats);
    await older;
    expect(monitor.stats!.by).toBe("key");
    asked.mockRestore();
  });

  it("lists what ended in pages, filtered", async () => {
    const monitor = new Monitor(new EventStream());
    await monitor.fetchPast({});
    await monitor.fetchPast(monitor.wanted, true);
    await monitor.fetchPast(monitor.wanted, true);
    expect([new Set(monitor.past.map((call) => call.id)).size, monitor.next]).toEqual([120, null]);
    await monitor.fetchPast({ status: "failed" });
    expect(new Set(monitor.past.map((call) => call.status))).toEqual(new Set(["failed"]));
  });

  it("narrows the list to what there was, by every filter", async () => {
    const monitor = new Monitor(new EventStream());
    await monitor.fetchChoices();
    expect(monitor.choices.key).toContainEqual({ name: "key_0000abcd", title: "laptop" });
    expect(monitor.choices.error!.map(({ name }) => name)).toEqual(["timed_out"]);
    await monitor.fetchPast({ key: "key_0000abcd", backend: "groq" });
    expect(monitor.past.length).toBeGreaterThan(0);
    expect(new Set(monitor.past.map((call) => `${call.key} ${call.backend}`))).toEqual(new Set(["key_0000abcd groq"]));
  });

  it("offers no choice where nothing is told of it", async () => {
    const monitor = new Monitor(new EventStream());
    const asked = vi.spyOn(api, "stats").mockRejectedValue(new Error("not allowed"));
    await monitor.fetchChoices();
    expect(monitor.choices).toEqual({ model: [], backend: [], key: [], error: [] });
    asked.mockRestore();
  });
});
