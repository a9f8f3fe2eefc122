/** What runs, against the memory of each device, with the speed of the last minute; asked for only while someone looks. */

import type { Device, Model } from "$/lib/api/types";
import { poll } from "$/lib/poll";
import * as api from "$/services/models";
import type { Models } from "./models.svelte";

const EVERY_MS = 2000;
const POINTS = 30;

interface Counted {
  pid: number;
  at: number;
  tokens: number;
}

export class Running {
  devices = $state.raw<Device[]>([]);
  /** Tokens a second of each model, the newest last. */
  speeds = $state.raw<Record<string, number[]>>({});
  private counted = new Map<string, Counted>();
  private lookers = 0;
  private end: (() => void) | null = null;

  constructor(private readonly models: Models) {}

  /** Keeps everything up to date until what it returns is called. */
  watch = (): (() => void) => {
    if (this.lookers++ === 0) this.end = poll(EVERY_MS, () => this.fetch());
    return () => {
      if (--this.lookers === 0) this.end?.();
    };
  };

  async fetch(): Promise<void> {
    const { running, budget } = await api.running();
    const gone = [...this.models.running, ...this.models.loading].some(
      (known) => !running.some((model) => model.name === known.name),
    );
    this.devices = budget.devices;
    for (const model of running) this.models.put(model);
    this.count(running, performance.now());
    if (gone) await this.models.fetch();
  }

  /** The speed now: what was written since the last look. */
  now(name: string): number {
    return this.speeds[name]?.at(-1) ?? 0;
  }

  private count(running: Model[], at: number): void {
    const speeds: Record<string, number[]> = {};
    const counted = new Map<string, Counted>();
    for (const { name, running: process } of running) {
      if (!process) continue;
      const before = this.counted.get(name);
      counted.set(name, { pid: process.pid, at, tokens: process.tokens });
      if (before?.pid !== process.pid) speeds[name] = [];
      else {
        const rate = Math.max(0, (process.tokens - before.tokens) / ((at - before.at) / 1000 || 1));
        speeds[name] = [...(this.speeds[name] ?? []), rate].slice(-POINTS);
      }
    }
    this.counted = counted;
    this.speeds = speeds;
  }
}
