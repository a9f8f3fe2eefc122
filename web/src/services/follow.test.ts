import { describe, expect, it } from "vitest";
import type { Message } from "$/lib/api/types";
import { until, withFake } from "$/testing/fake";
import { follow } from "./follow";
import * as sessions from "./sessions";

const server = withFake({ speed: 100 });

interface Heard {
  text: string;
  pieces: number;
  ended: Message | null;
  lost: string | null;
}

function listen(
  id: string,
  after = 0,
  abort = new AbortController(),
): { heard: Heard; done: Promise<void>; abort: AbortController } {
  const heard: Heard = { text: "", pieces: 0, ended: null, lost: null };
  const to = {
    piece: (text: string) => ((heard.text += text), heard.pieces++),
    state: () => undefined,
    end: (message: Message) => (heard.ended = message),
    lost: (error: Error) => (heard.lost = error.message),
  };
  return { heard, done: follow(id, after, to, abort.signal), abort };
}

async function ask(): Promise<Message> {
  const session = await sessions.create({ model: "serai-guide" });
  return (await sessions.ask(session.id, { text: "hello" })).answer;
}

describe("following an answer", () => {
  it("hears every piece once and then the whole", async () => {
    const { heard, done } = listen((await ask()).id);
    await done;
    expect(heard.text).toBe(heard.ended!.text);
    expect(heard.ended!.state).toBe("done");
  });

  it("joins late without a gap", async () => {
    const answer = await ask();
    const first = listen(answer.id);
    await until(() => first.heard.pieces > 3);
    const second = listen(answer.id);
    await Promise.all([first.done, second.done]);
    expect(second.heard.text).toBe(first.heard.text);
  });

  it("goes on where it was when the connection breaks", async () => {
    server.fake.state.speed = 25; // still writing when the connection is back
    const { heard, done } = listen((await ask()).id);
    await until(() => heard.pieces > 2);
    server.fake.leave();
    server.fake.comeBack();
    await done;
    expect(heard.text).toBe(heard.ended!.text);
  });

  it("gives up on an answer that is not there", async () => {
    const { heard, done } = listen("msg_unknown");
    await done;
    expect(heard.lost).toContain("no such message");
  });

  it("ends when it is told to", async () => {
    const { done, abort, heard } = listen((await ask()).id);
    abort.abort();
    await done;
    expect(heard.ended).toBeNull();
  });
});
