import { describe, expect, it, vi } from "vitest";
import { until, withFake } from "$/testing/fake";
import { Discover } from "./discover.svelte";
import { Shelf } from "./shelf.svelte";

const server = withFake();
const names = (discover: Discover): string[] => discover.models.map((model) => model.name);

describe("discovering", () => {
  it("finds by words and filters, and asks the same only once", async () => {
    const discover = new Discover();
    Object.assign(discover.wish, { query: "bert", speaks: "fa" });
    await discover.search("en");
    expect(names(discover)).toEqual(["HooshvareLab/bert-fa-base-uncased"]);
    const asked = vi.spyOn(globalThis, "fetch");
    await discover.search("en");
    expect(asked).not.toHaveBeenCalled();
    expect(discover.narrowed).toBe(true);
    discover.clear();
    expect(discover.narrowed).toBe(false);
  });

  it("is written into an address and read from it", () => {
    const discover = new Discover();
    expect(discover.address).toBe("");
    Object.assign(discover.wish, { query: "a b", min_parameters: "1000", sort: "likes" });
    const other = new Discover();
    other.adopt(discover.address + "&nonsense=1");
    expect(other.wish).toEqual(discover.wish);
    other.adopt("");
    expect(other.narrowed).toBe(false);
  });

  it("an answer that was overtaken is dropped", async () => {
    const discover = new Discover();
    const slow = discover.search("en");
    discover.wish.query = "whisper";
    await Promise.all([slow, discover.search("en")]);
    expect(names(discover)).toEqual(["openai/whisper-small"]);
    expect(discover.busy).toBe(false);
  });

  it("says that the hub is away, and what went wrong, and asks again", async () => {
    const discover = new Discover();
    await fetch("/api/v1/settings", { method: "PATCH", body: JSON.stringify({ "hub.offline": true }) });
    await discover.search("en");
    expect(discover.offline).toBe(true);
    server.fake.leave();
    await discover.search("en", true);
    expect(discover.error?.unreachable).toBe(true);
    server.fake.comeBack();
    await discover.search("en");
    expect(discover.error).toBe(null);
  });
});

describe("the shelf", () => {
  it("knows how much room models take, and what is newer", async () => {
    const shelf = new Shelf();
    await shelf.fetch();
    await until(() => shelf.overview);
    const newer = shelf.overview!.models.filter((model) => model.update);
    expect(await shelf.update()).toBe(newer.length);
    expect(shelf.of(newer[0]!.name)?.kind).toBe("hub");
    expect(await shelf.tidy()).toBe(0);
  });
});
