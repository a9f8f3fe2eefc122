import { describe, expect, it } from "vitest";
import type { Service, ServiceKind } from "$/lib/api/types";
import {
  changedService,
  completeService,
  draftOfService,
  freeName,
  freshService,
  newService,
  onThisMachine,
} from "$/lib/remote";
import { withFake } from "$/testing/fake";
import { Remote } from "./remote.svelte";

withFake();

describe("services", () => {
  it("own the models whose names begin with theirs, whatever the case", async () => {
    const remote = new Remote();
    await remote.fetch();
    await remote.fetchAllModels();
    expect(remote.owning("Groq/llama-3.3-70b-versatile")!.name).toBe("groq");
    expect(remote.owning("groqs/x")).toBeUndefined();
    expect(remote.find("groq/openai/gpt-oss-120b")!.context_length).toBe(131072);
  });

  it("are added, checked, changed and removed, and what they said before is forgotten", async () => {
    const remote = new Remote();
    await remote.add({ name: "mine", kind: "mistral", keys: ["bad"] });
    await remote.check("mine");
    expect(remote.checks.mine!.key).toBe("refused");
    await remote.fetchModels("mine");
    await remote.change("mine", { keys: ["good"] });
    expect([remote.checks.mine, remote.models.mine]).toEqual([undefined, undefined]);
    await remote.check("mine");
    expect(remote.checks.mine!.key).toBe("accepted");
    await remote.remove("mine");
    expect(remote.all.map((service) => service.name)).toEqual(["groq", "den"]);
  });
});

describe("a service that is written down", () => {
  const home = { name: "groq", url: "https://api.groq.com/openai/v1" } as ServiceKind;
  const anywhere = { name: "vllm", url: "" } as ServiceKind;
  const before = {
    name: "a",
    kind: "vllm",
    url: "https://a.example/v1",
    key_env: "A",
    keys: 1,
    models: ["x"],
    whose_keys: "own",
  } as Service;

  it("needs an address only where its kind is at home nowhere", () => {
    const draft = { ...freshService(), name: "a" };
    expect(completeService(draft, home)).toBe(true);
    expect(completeService(draft, anywhere)).toBe(false);
    expect(completeService({ ...draft, url: "host:80" }, home)).toBe(false);
  });

  it("is sent without what was left empty", () => {
    const draft = { ...freshService(), kind: "groq", name: " a ", keys: [" k ", ""], models: "x\n\nx\ny " };
    expect(newService(draft)).toEqual({ name: "a", kind: "groq", keys: ["k"], models: ["x", "y"] });
  });

  it("is changed only where it differs; its keys stay unless new ones are typed", () => {
    const draft = draftOfService(before);
    expect(changedService(draft, before)).toEqual({});
    expect(changedService({ ...draft, variable: "", keys: ["n"] }, before)).toEqual({ key_env: "", keys: ["n"] });
    expect(changedService({ ...draft, whose: "common" }, before)).toEqual({ whose_keys: "common" });
  });

  it("gets a name that is free", () => {
    expect([freeName("groq", []), freeName("groq", ["groq", "groq-2"])]).toEqual(["groq", "groq-3"]);
  });

  it("is on this machine only by a loopback address", () => {
    const near = ["http://127.0.0.1:1234/v1", "http://localhost:1", "http://[::1]:80/"];
    const far = ["http://127.evil.example/", "https://localhost.evil.example", "http://192.168.0.2", "nonsense"];
    expect([near.map(onThisMachine), far.map(onThisMachine)]).toEqual([near.map(() => true), far.map(() => false)]);
  });
});
