/** The one event stream: everything the server tells of itself, resumed where it broke off. */

import type { Budget, Job, Model, Session } from "$/lib/api/types";
import { ApiError, AWAY, report } from "./http";
import { backoff, open, wait } from "./sse";

/** A soft budget was passed, or a hard one had too little left for a call. */
export interface BudgetEvent extends Pick<Budget, "id" | "kind" | "name" | "period" | "amount" | "hard" | "own"> {
  state: "passed" | "refused";
}

export interface Topics {
  model: Model;
  "model.removed": { name: string };
  job: Job;
  "job.removed": { id: string };
  session: Session;
  "session.deleted": { id: string };
  call: { id: string; state: string; model: string };
  settings: { keys: string[] };
  route: { name: string };
  budget: BudgetEvent;
  /** A hook that takes no messages. */
  hook: { id: string };
  /** Events were missed: fetch everything anew. */
  reset: Record<string, never>;
}

type Handler<T extends keyof Topics> = (data: Topics[T]) => void;

export class EventStream {
  private handlers = new Map<string, Set<(data: never) => void>>();
  private abort: AbortController | null = null;
  private lastId: string | null = null;

  on<T extends keyof Topics>(topic: T, handler: Handler<T>): () => void {
    const set = this.handlers.get(topic) ?? new Set();
    this.handlers.set(topic, set.add(handler as (data: never) => void));
    return () => set.delete(handler as (data: never) => void);
  }

  start(): void {
    this.abort ??= new AbortController();
    void this.run(this.abort.signal);
  }

  stop(): void {
    this.abort?.abort();
    this.abort = null;
  }

  emit<T extends keyof Topics>(topic: T, data: Topics[T]): void {
    for (const handler of this.handlers.get(topic) ?? []) (handler as Handler<T>)(data);
  }

  private async run(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        for await (const event of await open("/api/v1/events", this.lastId, signal)) {
          attempt = 0;
          if (event.id) this.lastId = event.id;
          this.emit(event.event as keyof Topics, JSON.parse(event.data) as never);
        }
        if (!signal.aborted) report(new ApiError({ code: AWAY, message: "The event stream ended." }));
      } catch {
        // `send` has reported it; the loop tries again.
      }
      if (!signal.aborted) await wait(backoff(attempt), signal);
    }
  }
}
