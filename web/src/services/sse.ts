/** Server-Sent Events over fetch: own headers, own reconnection, resumable by Last-Event-ID. */

import { headers, send } from "./http";

export interface ServerEvent {
  id: string;
  event: string;
  data: string;
}

/** Splits a byte stream into events; comments and unknown fields are ignored, as the standard says. */
export async function* parse(stream: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let buffer = "";
  let current = { id: "", event: "", data: [] as string[] };
  try {
    for (;;) {
      const { done, value } = await reader.read();
      buffer += decoder.decode(value, { stream: !done });
      const lines = buffer.split(/\r\n|\n|\r(?!$)/);
      buffer = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "") {
          if (current.data.length)
            yield { id: current.id, event: current.event || "message", data: current.data.join("\n") };
          current = { id: current.id, event: "", data: [] };
        } else addField(current, line);
      }
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function addField(into: { id: string; event: string; data: string[] }, line: string): void {
  const colon = line.indexOf(":");
  const field = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
  if (field === "data") into.data.push(value);
  else if (field === "event") into.event = value;
  else if (field === "id") into.id = value;
}

export async function open(
  path: string,
  lastId: string | null,
  signal: AbortSignal,
): Promise<AsyncGenerator<ServerEvent>> {
  const extra: Record<string, string> = { accept: "text/event-stream" };
  if (lastId) extra["last-event-id"] = lastId;
  const response = await send(path, { headers: headers(extra), signal, cache: "no-store" });
  if (!response.body) throw new Error("The answer has no body.");
  return parse(response.body);
}

/** 0.3 s, 0.6 s, … at most 5 s: soon back after a restart, gentle when the server is really away. */
export const backoff = (attempt: number): number => Math.min(5000, 300 * 2 ** attempt);

export function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
