/** What was typed and not yet answered for, per session, surviving reloads and a server that is away. */

import type { Message } from "$/lib/api/types";
import { recall, remember } from "$/lib/storage";

const place = (session: string | null): string => session ?? "new";

export class Drafts {
  private texts = $state<Record<string, string>>({});
  private waiting = $state<Record<string, string | undefined>>({});
  private flying: { session: string | null; text: string; at: number } | null = null;

  get(session: string | null): string {
    return this.texts[place(session)] ?? recall(`draft.${place(session)}`) ?? "";
  }

  set(session: string | null, text: string): void {
    this.texts[place(session)] = text;
    remember(`draft.${place(session)}`, text);
  }

  clear(session: string | null): void {
    this.set(session, "");
    this.flying = null;
  }

  move(from: string | null, to: string): void {
    this.set(to, this.get(from));
    this.set(from, "");
    if (this.flying) this.flying.session = to;
  }

  queue(session: string | null, text: string): void {
    this.waiting[place(session)] = text;
    this.set(session, "");
  }

  queued(session: string | null): string | undefined {
    return this.waiting[place(session)];
  }

  unqueue(session: string | null): void {
    this.waiting[place(session)] = undefined;
  }

  /** A queued message goes back into the composer. */
  recallQueued(session: string | null): void {
    const text = this.queued(session);
    this.unqueue(session);
    if (text) this.giveBack(session, text);
  }

  giveBack(session: string | null, text: string): void {
    this.set(session, [text, this.get(session)].filter(Boolean).join("\n"));
  }

  /** Remembers what goes out, so that a cut connection neither loses it nor sends it twice. */
  sent(session: string | null, text: string): void {
    this.flying = { session, text, at: Date.now() / 1000 };
  }

  /** It did not arrive, as far as we know: the text is in the composer again. */
  failed(): void {
    if (this.flying && !this.get(this.flying.session)) this.set(this.flying.session, this.flying.text);
  }

  /** After a reconnection: if the question did arrive, it leaves the composer. */
  settle(session: string, messages: Message[]): void {
    const flying = this.flying;
    if (flying?.session !== session) return;
    const arrived = messages.some(
      (message) => message.role === "user" && message.text === flying.text && message.created_at > flying.at - 60,
    );
    if (arrived && this.get(session) === flying.text) this.clear(session);
  }
}
