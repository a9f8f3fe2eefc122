/** Follows one answer while it is written, across broken connections, without a gap or a repetition. */

import type { Message } from "$/lib/api/types";
import { ApiError } from "./http";
import { backoff, open, wait } from "./sse";

export interface Followed {
  piece(text: string, seq: number): void;
  state(change: { state?: Message["state"]; note?: string }): void;
  end(message: Message): void;
  /** The stream is gone for good (the message is unknown to the server now). */
  lost(error: ApiError): void;
}

export async function follow(id: string, after: number, to: Followed, signal: AbortSignal): Promise<void> {
  let seq = after;
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      const events = await open(`/api/v1/messages/${encodeURIComponent(id)}/stream?after=${seq}`, null, signal);
      for await (const event of events) {
        if (signal.aborted) return;
        attempt = 0;
        const data = JSON.parse(event.data);
        if (event.event === "piece" && data.seq > seq) {
          seq = data.seq;
          to.piece(data.text, seq);
        } else if (event.event === "state") to.state(data);
        else if (event.event === "end") return to.end(data);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && !error.unreachable && error.status < 500) return to.lost(error);
    }
    await wait(backoff(attempt), signal);
  }
}
