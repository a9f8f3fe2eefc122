import { describe, expect, it } from "vitest";
import { backoff, parse, type ServerEvent } from "./sse";

async function read(...chunks: (string | Uint8Array)[]): Promise<ServerEvent[]> {
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
      controller.close();
    },
  });
  const events: ServerEvent[] = [];
  for await (const event of parse(stream)) events.push(event);
  return events;
}

describe("a stream of events", () => {
  it("is split at blank lines, with names and ids", async () => {
    expect(await read("event: piece\nid: 7\ndata: a\n\ndata: b\n\n")).toEqual([
      { id: "7", event: "piece", data: "a" },
      { id: "7", event: "message", data: "b" },
    ]);
  });

  it("may come in any chunks, also within a line end or a letter", async () => {
    const bytes = new TextEncoder().encode("data: سلام 🌙\r\n\r\n");
    const single = [...bytes].map((byte) => new Uint8Array([byte]));
    expect(await read(...single)).toEqual([{ id: "", event: "message", data: "سلام 🌙" }]);
  });

  it("joins several data lines and passes over comments", async () => {
    expect(await read(": hello\ndata: a\ndata: b\n\n:\n\n")).toEqual([{ id: "", event: "message", data: "a\nb" }]);
  });

  it("does not give an event that was cut off", async () => {
    expect(await read("data: whole\n\ndata: hal")).toHaveLength(1);
  });
});

it("waits longer each time, but never long", () => {
  expect([0, 1, 2, 20].map(backoff)).toEqual([300, 600, 1200, 5000]);
});
