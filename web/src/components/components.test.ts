import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Message, Model, Setting } from "$/lib/api/types";
import { i18n } from "$/locales/i18n.svelte";
import AnswerFacts from "./chat/AnswerFacts.svelte";
import AnswerFailed from "./chat/AnswerFailed.svelte";
import GenerationForm from "./chat/GenerationForm.svelte";
import Markdown from "./chat/Markdown.svelte";
import LoadChoices from "./models/LoadChoices.svelte";
import SettingRow from "./settings/SettingRow.svelte";

beforeEach(() => i18n.use("en"));
afterEach(cleanup);

const message: Message = {
  id: "m",
  session: "s",
  parent: "q",
  role: "assistant",
  text: "hello",
  state: "done",
  model: "org/tiny:Q4",
  answerer: {
    model: "org/tiny:Q4",
    backend: "llama.cpp",
    place: "local",
    device: "CPU",
    device_reason: "no GPU was found",
    why: "It runs already.",
  },
  usage: {
    prompt_tokens: 10,
    completion_tokens: 38,
    cached_tokens: 4,
    first_token_s: 0.18,
    total_s: 1,
    tokens_per_second: 41.3,
    left_out: 0,
    prompt_tokens_per_second: 300,
    cost: null,
    from_cache: false,
    budgets: [],
  },
  tried: [{ backend: "mistral-7b", reason: "needs 5.8 GB", model: "mistral-7b", code: "load_failed", tried: true }],
  error: null,
  siblings: ["m"],
  created_at: 0,
};

describe("under an answer", () => {
  it("stands who answered, where, how fast, and why another did not", () => {
    const { container } = render(AnswerFacts, { message, last: true });
    for (const fact of [
      "tiny:Q4",
      "on this machine",
      "41 tok/s",
      "first token 0.18 s",
      "38 tokens",
      "mistral-7b skipped: needs 5.8 GB",
    ])
      expect(container.textContent).toContain(fact);
  });

  it("a service is named, when one answered", () => {
    const answerer = { ...message.answerer!, place: "hf" };
    expect(render(AnswerFacts, { message: { ...message, answerer }, last: false }).container.textContent).toContain(
      "went to hf",
    );
  });

  it("opened, it says why, what was tried, and an unknown price as unknown", async () => {
    const answerer = { ...message.answerer!, place: "hf", why: "It is the next of the route." };
    const tried = [message.tried[0]!, { ...message.tried[0]!, tried: false, code: "circuit_open", reason: "rests" }];
    render(AnswerFacts, { message: { ...message, answerer, tried }, last: false });
    const panel = document.querySelector("[popover][role=dialog]")!;
    panel.dispatchEvent(Object.assign(new Event("toggle"), { newState: "open" }));
    await vi.waitFor(() => expect(panel.textContent).toContain("It is the next of the route."));
    for (const fact of ["left this machine", "price is known", "load_failed", "not asked", "circuit_open"])
      expect(panel.textContent).toContain(fact);
  });

  it("only the last answer can be continued", () => {
    render(AnswerFacts, { message, last: false });
    expect(screen.queryByRole("button", { name: "Continue" })).toBeNull();
    expect(screen.getByRole("button", { name: "Regenerate" })).toBeTruthy();
  });

  it("a failure has its reason and a way on", () => {
    const error = { code: "load_failed", message: "It needs 5.8 GB.", hint: "Choose a smaller one." };
    render(AnswerFailed, { message: { ...message, state: "failed", error } });
    expect(screen.getByRole("alert").textContent).toContain("It needs 5.8 GB.");
    expect(screen.getByRole("alert").textContent).toContain("Choose a smaller one.");
    expect(screen.getByRole("button", { name: "Try again" })).toBeTruthy();
  });

  it("a failure is told in the reader's language, with the server's words beside it", async () => {
    await i18n.use("fa");
    render(AnswerFailed, {
      message: { ...message, state: "failed", error: { code: "load_failed", message: "It needs 5.8 GB." } },
    });
    expect(screen.getByRole("alert").textContent).toContain("مدل بار نشد.");
    expect(screen.getByRole("alert").textContent).toContain("It needs 5.8 GB.");
  });
});

describe("generation settings", () => {
  it("send only what was changed, and take it back", async () => {
    const onchange = vi.fn();
    const { rerender } = render(GenerationForm, { values: {}, defaults: { temperature: 0 }, onchange });
    const field = screen.getByRole("textbox", { name: /Temperature/ }) as HTMLInputElement;
    expect([field.value, field.placeholder]).toEqual(["", "0"]);
    await fireEvent.change(field, { target: { value: "0.3" } });
    expect(onchange).toHaveBeenLastCalledWith({ temperature: 0.3 });
    await rerender({ values: { temperature: 0.3 }, defaults: {}, onchange });
    await fireEvent.click(screen.getByRole("button", { name: "Reset 1 change" }));
    expect(onchange).toHaveBeenLastCalledWith({});
  });

  it("refuse what does not fit, and say what would", async () => {
    const onchange = vi.fn();
    render(GenerationForm, { values: {}, defaults: {}, onchange });
    await fireEvent.change(screen.getByRole("textbox", { name: /Top-p/ }), { target: { value: "7" } });
    expect(onchange).not.toHaveBeenCalled();
    expect(screen.getByRole("alert").textContent).toBe("A number from 0 to 1.");
  });
});

describe("the form of an answer", () => {
  it("waits for its text, and is sent with it", async () => {
    const onchange = vi.fn();
    render(GenerationForm, { values: {}, defaults: {}, onchange });
    await fireEvent.change(screen.getByLabelText("Form of the answer"), { target: { value: "json_schema" } });
    expect(onchange).toHaveBeenLastCalledWith({});
    const schema = screen.getByLabelText("JSON schema");
    await fireEvent.change(schema, { target: { value: "{" } });
    expect(screen.getByRole("alert").textContent).toContain("not a JSON object");
    await fireEvent.change(schema, { target: { value: '{"type": "object"}' } });
    expect(onchange.mock.lastCall![0].response_format.json_schema.schema).toEqual({ type: "object" });
  });
});

describe("a load's choices", () => {
  const onset = vi.fn();
  const gguf = { format: "gguf" } as Model;

  it("are sent in their own types", async () => {
    render(LoadChoices, { model: gguf, draft: {}, runtimes: [], graphics: true, onset });
    await fireEvent.change(screen.getByLabelText(/Flash attention/), { target: { value: "false" } });
    expect(onset).toHaveBeenLastCalledWith("flash_attention", false);
    await fireEvent.change(screen.getByLabelText(/Threads/), { target: { value: "۴" } });
    expect(onset).toHaveBeenLastCalledWith("threads", 4);
    await fireEvent.change(screen.getByLabelText(/Device/), { target: { value: "" } });
    expect(onset).toHaveBeenLastCalledWith("device", undefined);
  });

  it("of adapters are files with their strength", async () => {
    render(LoadChoices, { model: gguf, draft: { adapters: { "a.gguf": 1 } }, runtimes: [], graphics: false, onset });
    expect(screen.queryByLabelText(/Device/)).toBeNull();
    await fireEvent.input(screen.getByLabelText("File of an adapter"), { target: { value: "b.gguf" } });
    await fireEvent.click(screen.getByRole("button", { name: "Add" }));
    expect(onset).toHaveBeenLastCalledWith("adapters", { "a.gguf": 1, "b.gguf": 1 });
    await fireEvent.change(screen.getByLabelText("Strength of a.gguf"), { target: { value: "0,5" } });
    expect(onset).toHaveBeenLastCalledWith("adapters", { "a.gguf": 0.5 });
    await fireEvent.click(screen.getByRole("button", { name: "Leave out a.gguf" }));
    expect(onset).toHaveBeenLastCalledWith("adapters", {});
  });
});

const setting: Setting = {
  key: "models.parallel",
  group: "models",
  type: "integer",
  description: "Requests at once.",
  default: 4,
  value: 4,
  source: "default",
  env: ["SERAI_MODELS_PARALLEL"],
  restart: false,
  choices: [],
};

describe("a setting", () => {
  it("is changed as its own type, in Persian digits too", async () => {
    const onchange = vi.fn();
    render(SettingRow, { setting, refused: undefined, onchange });
    await fireEvent.change(screen.getByLabelText("Answers at once"), { target: { value: "۸" } });
    expect(onchange).toHaveBeenCalledWith(8);
  });

  it.each(["LLM_DEVICE", ".env (LLM_DEVICE)"])("held by %s is shown with that name and cannot be changed", (source) => {
    const { container } = render(SettingRow, {
      setting: { ...setting, source },
      refused: undefined,
      onchange: vi.fn(),
    });
    expect(screen.getByLabelText<HTMLInputElement>("Answers at once").disabled).toBe(true);
    expect(container.textContent).toContain("Set by LLM_DEVICE");
  });

  it("that was written in serai.toml can go back to its default", async () => {
    const onchange = vi.fn();
    render(SettingRow, { setting: { ...setting, source: "serai.toml", value: 9 }, refused: undefined, onchange });
    await fireEvent.click(screen.getByRole("button", { name: /Back to the default/ }));
    expect(onchange).toHaveBeenCalledWith(null);
  });

  it("this page does not know yet is shown with the server's description", () => {
    const { container } = render(SettingRow, {
      setting: { ...setting, key: "models.new" },
      refused: undefined,
      onchange: vi.fn(),
    });
    expect(container.textContent).toContain("Requests at once.");
  });
});

describe("Markdown", () => {
  it("draws only what changed while it grows", async () => {
    const { container, rerender } = render(Markdown, { text: "one\n\ntwo\n\nthree\n\nfo", growing: true });
    const first = container.querySelector("p");
    await rerender({ text: "one\n\ntwo\n\nthree\n\nfour", growing: true });
    expect(container.querySelector("p")).toBe(first);
    expect(container.textContent).toContain("four");
  });

  it("shows code with its language and a button to copy it", () => {
    render(Markdown, { text: "```python\nx = 1\n```" });
    expect(screen.getByRole("button", { name: "Copy code" })).toBeTruthy();
    expect(screen.getByText("python")).toBeTruthy();
  });
});
