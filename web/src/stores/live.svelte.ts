/** The answer that is being written: pieces gather outside of Svelte and show once a frame. */

import type { Message } from "$/lib/api/types";
import { follow } from "$/services/follow";
import type { ApiError } from "$/services/http";

interface Told {
  changed(message: Message): void;
  lost(error: ApiError): void;
}

/** Some thirty times a second, with a frame; now and then where the page is hidden and frames don't come. */
function soon(show: () => void): void {
  if (document.hidden) setTimeout(show, 250);
  else setTimeout(() => requestAnimationFrame(show), 16);
}

export class Live {
  id = $state<string | null>(null);
  text = $state("");
  note = $state("");
  since = $state(0);
  private buffer = "";
  private scheduled = false;
  private abort: AbortController | null = null;

  /** Follows a message from what is folded into its text on. */
  join(message: Message, to: Told): void {
    this.leave();
    const abort = (this.abort = new AbortController());
    let current = message;
    this.id = message.id;
    this.buffer = this.text = message.text;
    this.note = "";
    this.since = message.created_at;
    const change = (fields: Partial<Message>): void => to.changed((current = { ...current, ...fields }));
    void follow(
      message.id,
      0,
      {
        piece: (text) => {
          if (current.state !== "streaming") change({ state: "streaming" });
          this.buffer += text;
          this.schedule();
        },
        state: ({ state, note }) => {
          this.note = note ?? "";
          if (state && state !== current.state) change({ state });
        },
        end: (ended) => {
          this.leave();
          to.changed(ended);
        },
        lost: (error) => {
          this.leave();
          to.lost(error);
        },
      },
      abort.signal,
    );
  }

  leave(): void {
    this.abort?.abort();
    this.abort = null;
    this.id = null;
    this.text = this.buffer = "";
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    soon(() => {
      this.scheduled = false;
      if (this.id !== null) this.text = this.buffer;
    });
  }
}
