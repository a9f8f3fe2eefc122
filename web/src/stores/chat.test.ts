import { describe, expect, it } from "vitest";
import { EventStream } from "$/services/events";
import { until, withFake } from "$/testing/fake";
import { Chat } from "./chat.svelte";

const server = withFake({ speed: 400 });

function begin(): { chat: Chat; moved: string[] } {
  const moved: string[] = [];
  const chat = new Chat(new EventStream(), (id) => moved.push(id));
  return { chat, moved };
}

async function asked(text = "hello"): Promise<Chat> {
  const { chat } = begin();
  await chat.configure({ model: "serai-guide" });
  await chat.send(text);
  return chat;
}

const answered = (chat: Chat): Promise<void> => until(() => chat.last?.state === "done");
const texts = (chat: Chat): string[] => chat.messages.map((message) => message.text);

describe("a chat", () => {
  it("begins with the first message, and has its own address from then on", async () => {
    const { chat, moved } = begin();
    await chat.configure({ model: "serai-guide", system: "Be brief." });
    await chat.send("hello");
    expect(moved).toEqual([chat.id]);
    expect(chat.session).toMatchObject({ model: "serai-guide", system: "Be brief." });
    await answered(chat);
    expect(texts(chat)[0]).toBe("hello");
    expect(texts(chat)[1]).toContain("tiny model");
  });

  it("shows an answer while it grows", async () => {
    const chat = await asked();
    await until(() => chat.live.text.length > 20);
    expect(chat.busy).toBe(true);
    expect(chat.last!.state).toBe("streaming");
  });

  it("forgets the growing text once the answer stands", async () => {
    const chat = await asked();
    await until(() => chat.live.text.length > 20);
    await answered(chat);
    expect([chat.live.id, chat.live.text]).toEqual([null, ""]);
  });

  it("stops, and keeps what was written", async () => {
    const chat = await asked("something long");
    await until(() => chat.live.text.length > 20);
    await chat.stop();
    await until(() => chat.last?.state === "stopped");
    expect(chat.last!.text.length).toBeGreaterThan(10);
  });

  it("continues what was stopped", async () => {
    const chat = await asked();
    await until(() => chat.live.text.length > 20);
    await chat.stop();
    const kept = chat.last!.text;
    await chat.resume(chat.last!);
    await answered(chat);
    expect(chat.last!.text.startsWith(kept)).toBe(true);
    expect(chat.last!.text.length).toBeGreaterThan(kept.length);
  });

  it("rejoins the stream after a reload", async () => {
    const chat = await asked("something long");
    await until(() => chat.live.text.length > 20);
    const { chat: reloaded } = begin();
    await reloaded.open(chat.id);
    await answered(reloaded);
    await answered(chat);
    expect(texts(reloaded)).toEqual(texts(chat));
  });

  it("regenerates beside, and shows the earlier version again", async () => {
    const chat = await asked();
    await answered(chat);
    const first = chat.last!;
    await chat.regenerate(first);
    await answered(chat);
    expect(chat.last!.siblings).toHaveLength(2);
    await chat.select(first.id);
    expect(chat.last!.id).toBe(first.id);
  });

  it("branches when a question is edited, also the first one", async () => {
    const chat = await asked("first");
    await answered(chat);
    expect(await chat.edit(chat.messages[0]!, "second")).toBe(true);
    await answered(chat);
    expect(texts(chat)[0]).toBe("second");
    await chat.refresh();
    expect(chat.messages[0]!.siblings).toHaveLength(2);
  });

  it("marks where the context starts anew", async () => {
    const chat = await asked();
    await answered(chat);
    await chat.reset();
    expect(chat.last!.role).toBe("reset");
  });

  it("keeps the next message until this answer is done, then sends it", async () => {
    const chat = await asked();
    await chat.send("and then?");
    expect(chat.drafts.queued(chat.id)).toBe("and then?");
    await until(() => chat.messages.length === 4 && chat.last?.state === "done");
    expect(texts(chat)[2]).toBe("and then?");
  });

  it("says why when a model does not load, and loses no word", async () => {
    const { chat } = begin();
    await chat.configure({ model: "mistral-7b" });
    await chat.send("hello");
    await until(() => chat.last?.state === "failed");
    expect(chat.last!.error!.message).toContain("needs 5.8 GB");
    expect(texts(chat)[0]).toBe("hello");
  });
});

describe("a server that is away", () => {
  it("leaves the message in the composer", async () => {
    const { chat } = begin();
    chat.drafts.set(null, "precious words");
    server.fake.leave();
    await chat.send("precious words");
    expect(chat.error!.unreachable).toBe(true);
    expect(chat.drafts.get(null)).toBe("precious words");
  });

  it("does not bring a message back that had arrived", async () => {
    const chat = await asked("hello");
    await answered(chat);
    chat.drafts.set(chat.id, "hello");
    chat.drafts.sent(chat.id, "hello");
    await chat.refresh();
    expect(chat.drafts.get(chat.id)).toBe("");
  });

  it("finishes an answer that began before", async () => {
    const chat = await asked();
    await until(() => chat.live.text.length > 20);
    server.fake.leave();
    server.fake.comeBack();
    await answered(chat);
    expect(chat.last!.text).toContain("serai pull");
  });
});

it("drafts outlive a reload, each with its own chat", async () => {
  const { chat } = begin();
  chat.drafts.set(null, "new");
  chat.drafts.set("ses_1", "old");
  const { chat: reloaded } = begin();
  expect([reloaded.drafts.get(null), reloaded.drafts.get("ses_1")]).toEqual(["new", "old"]);
});
