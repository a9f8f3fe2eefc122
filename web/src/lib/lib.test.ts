import { describe, expect, it } from "vitest";
import { estimate, usedTokens } from "./context";
import { grouped, headingOf } from "./days";
import { fold, rank, score } from "./fuzzy";
import { formOf, parsePairs, parseStops, readNumber, showPairs, textOf, usual, withForm } from "./generation";
import { going, stateOf, steps } from "./building";
import { logOf, offersOf } from "./failed";
import { changed, choicesOf, contexts, nearest, share } from "./loading";
import { hues, parts } from "./memory";
import { levelOf, messageOf, restOf, timeOf } from "./logs";
import { answering, contextOf } from "./models";
import { paths, read } from "./router.svelte";
import type { Job, Message, Model } from "./api/types";

describe("fuzzy search", () => {
  it("finds letters in order, and nothing else", () => {
    expect(score("qw3", "Qwen3 1.7B")).not.toBeNull();
    expect(score("3wq", "Qwen3 1.7B")).toBeNull();
  });
  it("puts the beginning of a word first", () => {
    expect(rank("set", ["reset it", "Settings", "s e t"], String)).toEqual(["Settings", "reset it", "s e t"]);
  });
  it("takes Arabic and Persian letters, accents and joiners as the same", () => {
    expect(fold("كيك")).toBe(fold("کیک"));
    expect(fold("گفت‌وگو")).toBe("گفتوگو");
    expect(fold("Größe")).toBe("große");
  });
});

describe("addresses", () => {
  it.each([
    ["/", { page: "chat", session: null }],
    ["/chat/ses_1", { page: "chat", session: "ses_1" }],
    ["/models", { page: "models", tab: "disk" }],
    ["/models/running", { page: "models", tab: "running" }],
    ["/models/discover", { page: "models", tab: "discover" }],
    ["/models/discover/org/qwen-1.5b", { page: "hub", name: "org/qwen-1.5b" }],
    ["/settings/keys", { page: "settings", section: "keys" }],
    ["/nowhere", { page: "lost" }],
    ["/model/%E0%A4%A", { page: "model", name: "%E0%A4%A" }],
  ])("%s", (path, route) => expect(read(path)).toEqual(route));

  it("lead back to a model whatever its name holds", () => {
    const name = "org/na me:Q4_K_M?#%";
    expect(read(paths.model(name))).toEqual({ page: "model", name });
  });
});

describe("days", () => {
  const now = new Date(2026, 10, 20, 15);
  const at = (days: number, pinned = false) => ({ updated_at: now.getTime() / 1000 - days * 86_400, pinned });
  it.each([
    [0, "today"],
    [1, "yesterday"],
    [4, "week"],
    [40, "month"],
  ])("%i days ago is %s", (days, kind) => expect(headingOf(at(days), now).kind).toBe(kind));
  it("come newest first, the pinned before all, one heading each", () => {
    const rows = grouped([at(40), at(0), at(0.1), at(90, true)], now);
    expect(rows.map((row) => ("heading" in row ? row.heading.kind : "-"))).toEqual([
      "pinned",
      "-",
      "today",
      "-",
      "-",
      "month",
      "-",
    ]);
  });
});

describe("generation settings", () => {
  const temperature = usual.find((field) => field.key === "temperature")!;
  const seed = usual.find((field) => field.key === "seed")!;
  it.each([
    ["0.7", 0.7],
    ["۰٫۷", 0.7],
    ["0,7", 0.7],
    ["", null],
    ["9", undefined],
    ["warm", undefined],
  ])("read %j as %j", (text, value) => expect(readNumber(text, temperature)).toBe(value));
  it("take whole numbers only where parts make no sense", () => expect(readNumber("1.5", seed)).toBeUndefined());
  it("read one stop text a line", () => {
    expect(parseStops("END\n\\n\\n\n")).toEqual(["END", "\n\n"]);
    expect(parseStops("\n")).toBeNull();
  });
});

describe("the form of an answer", () => {
  it("is a grammar or a format, never both", () => {
    const grammar = withForm({ temperature: 1 }, "grammar", 'root ::= "a"')!;
    expect([formOf(grammar), textOf(grammar)]).toEqual(["grammar", 'root ::= "a"']);
    const schema = withForm(grammar, "json_schema", '{"type": "object"}')!;
    expect(schema).toEqual({
      temperature: 1,
      response_format: { type: "json_schema", json_schema: { name: "answer", schema: { type: "object" } } },
    });
    expect(JSON.parse(textOf(schema))).toEqual({ type: "object" });
    expect(withForm(schema, "free", "")).toEqual({ temperature: 1 });
  });
  it.each(["", "{", "[1]", "7"])("a schema that is no object is not sent: %j", (text) =>
    expect(withForm({}, "json_schema", text)).toBeUndefined(),
  );
});

describe("pairs, one a line", () => {
  it.each([
    ["15043: -100\n\n۷: ۱٫۵", { 15043: -100, 7: 1.5 }],
    ["style.gguf = 0.5", { "style.gguf": 0.5 }],
    ["  ", null],
    ["7", undefined],
    ["7: many", undefined],
  ])("%j", (text, pairs) => expect(parsePairs(text)).toEqual(pairs));
  it("are shown as they are read", () => expect(parsePairs(showPairs({ a: 1, b: -2 }))).toEqual({ a: 1, b: -2 }));
});

describe("what is set for a load", () => {
  it("holds only what was set", () => {
    const draft = changed(changed({}, "context", 4096), "flash_attention", false);
    expect(draft).toEqual({ context: 4096, flash_attention: false });
    expect(changed(changed(draft, "context", undefined), "adapters", {})).toEqual({ flash_attention: false });
  });
  it("depends on the format", () => {
    expect(choicesOf("gguf").map(({ key }) => key)).toContain("kv_type");
    expect(choicesOf("safetensors").map(({ key }) => key)).toEqual(["dtype", "bits", "device"]);
    expect(choicesOf("onnx").map(({ key }) => key)).toEqual(["device"]);
  });
});

describe("a device's memory", () => {
  const device = { name: "CPU", kind: "cpu", total: 100, free: 40, limit: 80, serai: 5, others: 20 } as const;
  it("is shared out whole, the largest model first", () => {
    const models = [
      { name: "small", memory: 10 },
      { name: "large", memory: 30 },
    ];
    const found = parts({ ...device, models }, new Map());
    expect(found.map((part) => part.name || part.kind)).toEqual(["large", "small", "serai", "others", "free"]);
    expect(found.reduce((sum, part) => sum + part.bytes, 0)).toBe(100);
  });
  it("is never less than nothing", () => {
    expect(parts({ ...device, models: [{ name: "huge", memory: 300 }] }, new Map()).at(-1)).toMatchObject({ bytes: 0 });
  });
  it("gives each model a colour of its own, the same on every device", () => {
    const models = ["b", "a", "c"].map((name) => ({ name, memory: 1 }));
    const colours = hues([
      { ...device, models },
      { ...device, models: models.slice(1) },
    ]);
    expect([...colours]).toEqual([
      ["a", 0],
      ["b", 1],
      ["c", 2],
    ]);
  });
});

describe("a failed load", () => {
  const facts = {
    log: ["last"],
    would_fit: [
      { loading: { context: 2048 }, model: "", text: "less context" },
      { loading: {}, model: "org/other:Q2", text: "another" },
    ],
  };
  const error = { code: "load_failed", message: "", facts };
  it("brings its log, and the ways to load the same model", () => {
    expect(logOf(error)).toEqual(["last"]);
    expect(offersOf(error).map((offer) => offer.loading)).toEqual([{ context: 2048 }]);
  });
  it("may bring neither", () => expect([logOf(null), offersOf({ code: "x", message: "" })]).toEqual([[], []]));
});

describe("the steps of a build", () => {
  const job = (note: string, state = "running"): Job => ({ state, progress: { note } }) as Job;
  it("stand before, at and behind the one that runs", () => {
    expect(steps.map((step) => stateOf(step, job("compiling")))).toEqual(["done", "done", "done", "now", "later"]);
    expect(steps.map((step) => stateOf(step, job("", "queued")))).toEqual(Array(5).fill("later"));
  });
  it("are over when the job is", () => {
    expect([going(job("", "done")), going(job("", "failed")), going(undefined)]).toEqual([false, true, false]);
  });
});

const message = (fields: Partial<Message>): Message => ({ role: "user", text: "", usage: null, ...fields }) as Message;
const usage = { prompt_tokens: 100, completion_tokens: 20 } as Message["usage"];

describe("the context that is used", () => {
  it("is what was measured, and an estimate of what came after", () => {
    const messages = [
      message({ text: "x".repeat(4000) }),
      message({ role: "assistant", usage }),
      message({ text: "abcd" }),
    ];
    expect(usedTokens(messages, "", "abcdefgh")).toEqual({ tokens: 123, exact: false });
  });
  it("starts anew at a reset", () => {
    expect(usedTokens([message({ usage }), message({ role: "reset" })], "", "")).toEqual({ tokens: 0, exact: true });
  });
  it("counts Persian dearer than English", () => expect(estimate("سلام دنیا")).toBeGreaterThan(estimate("hello wor")));
});

const model = (name: string, fields: Partial<Model> = {}): Model =>
  ({
    name,
    title: "",
    task: "text-generation",
    source: "hub",
    running: null,
    added_at: 0,
    last_used_at: 0,
    context_length: 32768,
    ...fields,
  }) as Model;

describe("the model that answers", () => {
  const running = { context: 8192 } as Model["running"];
  const guide = model("serai-guide", { source: "embedded", running });
  const old = model("old", { added_at: 1 });
  const fresh = model("fresh", { added_at: 2 });
  it("is the wanted one", () => expect(answering([guide, old], "old", "auto")?.name).toBe("old"));
  it("is the default", () => expect(answering([guide, old, fresh], null, "old")?.name).toBe("old"));
  it("is what runs", () => expect(answering([guide, fresh, { ...old, running }], null, "auto")?.name).toBe("old"));
  it("is the newest", () => expect(answering([guide, old, fresh], "auto", "auto")?.name).toBe("fresh"));
  it("is the guide when there is no other", () => expect(answering([guide], null, "auto")?.name).toBe("serai-guide"));
  it("reads as much as is reserved, and no more than it can", () => {
    expect(contextOf(guide, 4096)).toBe(8192);
    expect(contextOf(old, 4096)).toBe(4096);
    expect(contextOf(model("small", { context_length: 512 }), 4096)).toBe(512);
  });
});

it("log lines are read whatever exactly they call things", () => {
  const line = { ts: "2026-11-20T10:00:00Z", level: "ERROR", event: "gone", model: "x", n: 1 };
  expect([timeOf(line), levelOf(line), messageOf(line), restOf(line)]).toEqual([
    1795168800,
    "error",
    "gone",
    "model=x n=1",
  ]);
});

describe("the load dialog", () => {
  it("offers contexts up to the model's own", () => {
    expect(contexts(3000)).toEqual([256, 512, 1024, 2048, 3000]);
    expect(contexts(256)).toEqual([256]);
    expect(contexts(null).at(-1)).toBe(32_768);
  });
  it("finds the step that is nearest", () => expect(nearest([256, 512, 1024], 600)).toBe(1));
  it("never draws more than the whole", () => expect([share(1, 4), share(9, 3), share(1, 0)]).toEqual([25, 100, 0]));
});
