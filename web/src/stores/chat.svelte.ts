/** The conversation that is open: its branch, the answer being written, and everything a person does to it. */

import type { Generation, Message, Session } from "$/lib/api/types";
import type { EventStream } from "$/services/events";
import { ApiError } from "$/services/http";
import * as api from "$/services/sessions";
import { Drafts } from "./drafts.svelte";
import { Live } from "./live.svelte";

/** What a new chat will be created with. */
type Plan = Pick<Session, "model" | "system" | "folder"> & { settings: Generation; private: boolean };
const blank = (): Plan => ({ model: null, system: "", folder: null, settings: {}, private: false });

const writing = (message: Message | undefined): boolean =>
  message?.state === "waiting" || message?.state === "streaming";

export class Chat {
  id = $state<string | null>(null);
  session = $state.raw<Session | null>(null);
  messages = $state.raw<Message[]>([]);
  plan = $state<Plan>(blank());
  opening = $state(false);
  sending = $state(false);
  /** The question that is being edited. */
  editing = $state<string | null>(null);
  error = $state.raw<ApiError | null>(null);
  readonly live = new Live();
  readonly drafts = new Drafts();

  readonly last = $derived(this.messages.at(-1));
  readonly busy = $derived(writing(this.last));
  readonly model = $derived(this.id ? (this.session?.model ?? null) : this.plan.model);
  readonly system = $derived(this.id ? (this.session?.system ?? "") : this.plan.system);
  readonly settings = $derived<Generation>(this.id ? (this.session?.settings ?? {}) : this.plan.settings);
  /** Bound to this machine: nothing of it goes to a service, whatever a route says. */
  readonly bound = $derived(this.id ? (this.session?.private ?? false) : this.plan.private);
  private generation = 0;

  constructor(
    events: EventStream,
    private readonly moved: (id: string) => void,
  ) {
    events.on("session", (session) => {
      if (session.id !== this.id) return;
      this.session = session;
      if (session.streaming && !this.busy && !this.sending) void this.refresh();
    });
  }

  /** Shows a session, or the empty new chat. */
  async open(id: string | null): Promise<void> {
    if (id === this.id && (id === null || this.session)) return;
    this.live.leave();
    this.id = id;
    this.session = null;
    this.messages = [];
    this.error = null;
    this.editing = null;
    if (id) await this.refresh();
  }

  /** Fetches the branch anew and joins an answer that is being written. An overtaken fetch changes nothing. */
  async refresh(): Promise<void> {
    const id = this.id;
    if (!id) return;
    const generation = ++this.generation;
    this.opening = this.messages.length === 0;
    try {
      const { session, messages } = await api.get(id);
      if (generation !== this.generation || id !== this.id) return;
      this.session = session;
      this.messages = messages;
      this.error = null;
      this.drafts.settle(id, messages);
      if (this.last && writing(this.last)) this.join(this.last);
    } catch (error) {
      if (generation === this.generation) this.fail(error);
    } finally {
      if (generation === this.generation) this.opening = false;
    }
  }

  /** Sends what is in the composer; while an answer is being written it waits its turn. */
  async send(text: string): Promise<void> {
    if (!text.trim() || this.sending) return;
    if (this.busy) return void this.drafts.queue(this.id, text);
    const from = this.id;
    this.drafts.sent(from, text);
    if (await this.ask(text)) {
      this.drafts.clear(from);
      this.drafts.clear(this.id);
    } else this.drafts.failed();
  }

  /** Another version of a question, beside it: a branch. True when it is under way. */
  edit = (message: Message, text: string): Promise<boolean> => this.ask(text, { parent: message.parent });

  regenerate = (message: Message, model?: string): Promise<void> =>
    this.act(async (id) => {
      const { answer } = await api.regenerate(id, message.id, model);
      this.place(message, answer);
    });

  resume = (message: Message): Promise<void> =>
    this.act(async (id) => {
      await api.resume(id, message.id);
      await this.refresh();
    });

  stop = (): Promise<void> =>
    this.act(async (id) => {
      if (this.last && this.busy) this.change(await api.stop(id, this.last.id));
    });

  select = (message: string): Promise<void> =>
    this.act(async (id) => {
      await api.select(id, message);
      this.live.leave();
      await this.refresh();
    });

  reset = (): Promise<void> =>
    this.act(async (id) => {
      this.messages = [...this.messages, await api.reset(id)];
    });

  /** Changes what this chat (or the one about to begin) uses. */
  async configure(fields: Partial<Plan>): Promise<void> {
    if (!this.id) return void (this.plan = { ...this.plan, ...fields });
    await this.act(async (id) => {
      this.session = await api.patch(id, fields);
    });
  }

  private async ask(text: string, where: { parent?: string | null } = {}): Promise<boolean> {
    this.sending = true;
    this.error = null;
    try {
      const id = this.id ?? (await this.begin());
      const { question, answer } = await api.ask(id, { text, ...where });
      if (id !== this.id) return true;
      const at = "parent" in where ? this.messages.findIndex((message) => message.id === where.parent) + 1 : undefined;
      this.overtake();
      this.messages = [...this.messages.slice(0, at), question, answer];
      this.join(answer);
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    } finally {
      this.sending = false;
    }
  }

  private async begin(): Promise<string> {
    const { model, system, folder, settings, private: bound } = this.plan;
    const session = await api.create({
      ...(model ? { model } : {}),
      ...(system ? { system } : {}),
      ...(folder ? { folder } : {}),
      ...(bound ? { private: true } : {}),
      ...(Object.keys(settings).length ? { settings: $state.snapshot(settings) } : {}),
    });
    this.drafts.move(null, session.id);
    this.id = session.id;
    this.session = session;
    this.plan = blank();
    this.moved(session.id);
    return session.id;
  }

  /** What is being fetched is older than what is known now. */
  private overtake(): void {
    this.generation++;
    this.opening = false;
  }

  private place(old: Message, answer: Message): void {
    const at = this.messages.findIndex((message) => message.id === old.id);
    const kept = this.messages.slice(0, old.role === "user" ? at + 1 : at);
    this.overtake();
    this.messages = [...kept, answer];
    this.join(answer);
  }

  private join(message: Message): void {
    this.live.join(message, {
      changed: (changed) => this.change(changed),
      lost: () => void this.refresh(),
    });
  }

  private change(message: Message): void {
    const at = this.messages.findIndex((known) => known.id === message.id);
    if (at < 0) return;
    this.messages = this.messages.with(at, message);
    // The end may come by another way than the stream: by the answer to Stop.
    if (!writing(message) && this.live.id === message.id) this.live.leave();
    if (!writing(message) && message.id === this.last?.id) this.next();
  }

  /** The answer ended: what was queued goes out now, unless something went wrong. */
  private next(): void {
    const queued = this.drafts.queued(this.id);
    if (!queued || this.last?.state === "failed") return;
    this.drafts.unqueue(this.id);
    const id = this.id;
    void this.ask(queued).then((went) => went || this.drafts.giveBack(id, queued));
  }

  private async act(work: (id: string) => Promise<void>): Promise<void> {
    if (!this.id) return;
    this.error = null;
    try {
      await work(this.id);
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    if (!(error instanceof ApiError)) throw error;
    this.error = error;
  }
}
