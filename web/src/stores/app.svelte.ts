/** The page's state, put together once. Components import `app`; nothing runs before `start`. */

import { Router, paths } from "$/lib/router.svelte";
import type { Job, Status } from "$/lib/api/types";
import { EventStream } from "$/services/events";
import { ApiError } from "$/services/http";
import * as system from "$/services/system";
import { t } from "$/locales/i18n.svelte";
import { words } from "$/lib/words";
import { Budgets } from "./budgets.svelte";
import { Chat } from "./chat.svelte";
import { Connection } from "./connection.svelte";
import { Discover } from "./discover.svelte";
import { Jobs } from "./jobs.svelte";
import { Models } from "./models.svelte";
import { Monitor } from "./monitor.svelte";
import { Places } from "./places.svelte";
import { Prefs } from "./prefs.svelte";
import { Remote } from "./remote.svelte";
import { Routes } from "./routes.svelte";
import { Running } from "./running.svelte";
import { Sessions } from "./sessions.svelte";
import { Shelf } from "./shelf.svelte";
import { Shell } from "./shell.svelte";
import { Toasts } from "./toasts.svelte";

const STATUS_MS = 5000;

class App {
  readonly events = new EventStream();
  readonly router = new Router();
  readonly connection = new Connection();
  readonly prefs = new Prefs();
  readonly toasts = new Toasts();
  readonly shell = new Shell();
  readonly models = new Models(this.events);
  readonly running = new Running(this.models);
  readonly monitor = new Monitor(this.events);
  readonly budgets = new Budgets(this.events);
  readonly remote = new Remote();
  readonly routes = new Routes(this.events);
  readonly places = new Places(this.remote, this.routes);
  readonly discover = new Discover();
  readonly shelf = new Shelf();
  readonly jobs = new Jobs(this.events);
  readonly sessions = new Sessions(this.events);
  readonly chat = new Chat(this.events, (id) => this.router.go(paths.chat(id), true));
  status = $state.raw<Status | null>(null);

  async start(): Promise<void> {
    this.connection.start();
    this.router.start();
    this.events.on("reset", () => void this.fetch());
    this.events.on("job", (job) => {
      if (job.kind === "engine.build" && job.state === "done") this.toasts.show(t("engines.built"));
      if (job.kind === "endpoint.wait") this.waited(job);
      if (job.kind === "verify" && job.state === "done") this.verified(job);
      if (job.kind !== "download" || job.state !== "done") return;
      this.toasts.show(t("job.done.toast", { name: job.title }));
      void this.fetchModels();
    });
    this.events.on("settings", () => void this.adopt());
    this.events.start();
    setInterval(() => void this.poll(), STATUS_MS);
    await this.fetch();
  }

  /** Everything that the shell shows, anew; one part's failure leaves the others. */
  async fetch(): Promise<void> {
    await Promise.allSettled([
      this.poll(true),
      this.models.fetch(),
      this.places.fetch(),
      this.jobs.fetch(),
      this.sessions.fetch(),
      this.chat.refresh(),
      this.adopt(),
    ]);
    if (this.models.guideOnly) await this.models.fetchSuggestions().catch(() => undefined);
  }

  async fetchModels(): Promise<void> {
    await Promise.allSettled([this.models.fetch(), this.models.fetchSuggestions()]);
  }

  /** Runs what a person asked for; a failure becomes a toast with the server's words. */
  async attempt(work: () => Promise<unknown>, done?: string): Promise<boolean> {
    try {
      await work();
      if (done) this.toasts.show(done);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { message, hint } = words(error);
      this.toasts.show([message, hint].filter(Boolean).join(" "), { tone: "danger" });
      return false;
    }
  }

  /** Deletes a session with a way back. */
  async removeSession(id: string): Promise<void> {
    const title = this.sessions.find(id)?.title || t("session.untitled");
    if (!(await this.attempt(() => this.sessions.remove(id)))) return;
    if (this.chat.id === id) this.newChat();
    const undo = (): void => void this.attempt(() => this.sessions.restore(id));
    this.toasts.show(t("session.deleted", { title }), { action: { label: t("undo"), run: undo } });
  }

  /** Tells how it went with files that were read again. */
  private verified(job: Job): void {
    const said = (job.result ?? {}) as Record<string, unknown>;
    const listed = (key: string): string[] => (Array.isArray(said[key]) ? said[key].map(String) : []);
    const mended = listed("repaired");
    const bad = [...listed("damaged"), ...listed("missing")].filter((file) => !mended.includes(file));
    if (bad.length) this.toasts.show(t("verify.bad", { files: bad.join(", ") }), { tone: "danger" });
    else this.toasts.show(mended.length ? t("verify.mended", { n: mended.length }) : t("verify.good"));
  }

  /** Tells that an Endpoint runs, or why nobody waits for it any more. */
  private waited(job: Job): void {
    if (job.state === "done") this.toasts.show(t("endpoints.runs", { name: String(job.args.name) }));
    if (job.state === "failed" && job.error) this.toasts.show(words(job.error).message, { tone: "danger" });
  }

  newChat(): void {
    this.router.go(paths.chat());
    void this.chat.open(null);
  }

  private async poll(always = false): Promise<void> {
    if (document.hidden && !always) return;
    await system.status().then(
      (status) => (this.status = status),
      () => undefined,
    );
  }

  private async adopt(): Promise<void> {
    const { settings } = await system.settings();
    const value = (key: string): unknown => settings.find((setting) => setting.key === key)?.value;
    this.models.preferred = String(value("models.default") ?? "auto");
    this.models.reserved = Number(value("models.context")) || null;
    this.prefs.adopt({ theme: value("page.theme"), language: value("page.language") });
  }
}

export const app = new App();
