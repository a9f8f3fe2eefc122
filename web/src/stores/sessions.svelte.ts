/** The list of sessions: paged, searched on the server, kept true by events. */

import type { Session } from "$/lib/api/types";
import type { EventStream } from "$/services/events";
import * as api from "$/services/sessions";

const PAGE = 60;

export class Sessions {
  all = $state.raw<Session[]>([]);
  query = $state("");
  folder = $state<string | null>(null);
  loaded = $state(false);
  busy = $state(false);
  private next = $state<number | null>(null);
  private abort: AbortController | null = null;
  private known = $state.raw<Set<string>>(new Set());

  readonly folders = $derived([...this.known].sort((a, b) => a.localeCompare(b)));
  readonly more = $derived(this.loaded && this.next !== null);

  constructor(events: EventStream) {
    events.on("session", (session) => this.put(session));
    events.on("session.deleted", ({ id }) => this.drop(id));
  }

  /** Fetches from the top with the current search and folder; a newer search overtakes an older one. */
  async fetch(): Promise<void> {
    this.abort?.abort();
    const abort = (this.abort = new AbortController());
    this.busy = true;
    try {
      const page = await api.list(this.asked(), abort.signal);
      this.all = page.sessions;
      this.next = page.next;
      this.loaded = true;
      this.remember(page.sessions);
    } catch (error) {
      if (!abort.signal.aborted) throw error;
    } finally {
      if (this.abort === abort) this.busy = false;
    }
  }

  async fetchMore(): Promise<void> {
    if (this.busy || this.next === null) return;
    this.busy = true;
    try {
      const page = await api.list({ ...this.asked(), before: this.next });
      const have = new Set(this.all.map((session) => session.id));
      this.all = [...this.all, ...page.sessions.filter((session) => !have.has(session.id))];
      this.next = page.next;
      this.remember(page.sessions);
    } finally {
      this.busy = false;
    }
  }

  search(query: string): Promise<void> {
    this.query = query;
    return this.fetch();
  }

  inFolder(folder: string | null): Promise<void> {
    this.folder = folder;
    return this.fetch();
  }

  find(id: string | null): Session | undefined {
    return id ? this.all.find((session) => session.id === id) : undefined;
  }

  put(session: Session): void {
    const at = this.all.findIndex((known) => known.id === session.id);
    const wanted = this.belongs(session);
    if (at >= 0) this.all = wanted ? this.all.with(at, session) : this.all.filter((known) => known.id !== session.id);
    else if (wanted && !this.query) this.all = [session, ...this.all];
    this.remember([session]);
  }

  drop(id: string): void {
    this.all = this.all.filter((session) => session.id !== id);
  }

  patch = async (id: string, fields: api.SessionPatch): Promise<void> => this.put(await api.patch(id, fields));

  async remove(id: string): Promise<void> {
    await api.remove(id);
    this.drop(id);
  }

  restore = async (id: string): Promise<void> => this.put(await api.restore(id));

  private asked(): api.SessionQuery {
    return { q: this.query.trim(), folder: this.folder ?? undefined, limit: PAGE };
  }

  private belongs(session: Session): boolean {
    return this.folder === null || session.folder === this.folder;
  }

  private remember(sessions: Session[]): void {
    const named = sessions.map((session) => session.folder).filter((folder): folder is string => !!folder);
    if (named.some((folder) => !this.known.has(folder))) this.known = new Set([...this.known, ...named]);
  }
}
