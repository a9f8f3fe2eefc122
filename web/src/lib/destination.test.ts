import { describe, expect, it } from "vitest";
import type { Model, Route, Service } from "./api/types";
import { destination, placeOf, type Known } from "./destination";

const known: Known = {
  models: [
    { name: "tiny", place: "local" },
    { name: "groq/odd", place: "local" },
  ] as Model[],
  services: [
    { name: "groq", url: "https://api.groq.com/openai/v1" },
    { name: "den", url: "http://127.0.0.1:11434" },
  ] as Service[],
  routes: [
    { name: "both", title: "Both", private: false, steps: [{ model: "tiny" }, { model: "groq/a" }] },
    { name: "bound", title: "", private: true, steps: [{ model: "groq/a" }] },
    { name: "near", title: "", private: false, steps: [{ model: "tiny" }, { model: "den/b" }] },
  ] as Route[],
  preferred: "auto",
};

describe("where a text goes", () => {
  it.each([
    [null, false, ""],
    ["tiny", false, ""],
    ["groq/llama", true, "groq"],
    ["Groq/llama", true, "groq"],
    ["groq/odd", false, ""],
    ["den/qwen", false, "den"],
    ["both", true, "groq"],
    ["bound", false, ""],
    ["near", false, ""],
  ])("%s", (wanted, leaves, service) => {
    expect(destination(wanted, known)).toMatchObject({ leaves, service });
  });

  it("follows the default where nothing is chosen", () => {
    expect(destination(null, { ...known, preferred: "groq/x" }).leaves).toBe(true);
  });

  it("does not call here what it cannot know", () => {
    expect(destination("groq/llama", { ...known, services: [] })).toMatchObject({ leaves: true, service: "groq" });
  });

  it("follows what a reader is told who sees no addresses", () => {
    const told = {
      ...known,
      models: [],
      services: [
        { name: "groq", title: "Groq", elsewhere: true },
        { name: "den", title: "Ollama", elsewhere: false },
      ],
      routes: [
        { name: "both", title: "Both", private: false, places: ["den", "groq"] },
        { name: "near", title: "", private: false, places: ["den"] },
      ],
    };
    expect(destination("groq/llama", told)).toMatchObject({ leaves: true, host: "Groq" });
    expect(destination("both", told)).toMatchObject({ leaves: true, service: "groq", route: "Both" });
    expect(destination("den/b", told).leaves || destination("near", told).leaves).toBe(false);
  });

  it("counts a service that is known no more as elsewhere", () => {
    expect(placeOf("gone", known.services)).toEqual({ service: "gone", host: "", leaves: true });
  });
});
