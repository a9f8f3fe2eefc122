/** How models of the hub fit, to the byte, from their headers: asked for what is looked at, a few at a time. */

import type { FitReport } from "$/lib/api/types";
import * as api from "$/services/models";

const AT_ONCE = 2;
/** Each costs the hub some requests; whoever wants more looks at the estimate, or opens the model's page again. */
const MOST = 16;

export class Fits {
  /** By name; null while it is asked, undefined where it is unknown or could not be told. */
  known = $state.raw<Record<string, FitReport | null | undefined>>({});
  private waiting: string[] = [];
  private asking = 0;
  private asked = 0;

  /** Asks once for each name, `first` before those that wait. */
  ask(name: string, first = false): void {
    if (name in this.known || this.asked >= MOST) return;
    this.asked += 1;
    this.known = { ...this.known, [name]: null };
    this.waiting[first ? "unshift" : "push"](name);
    if (this.asking < AT_ONCE) void this.go();
  }

  private async go(): Promise<void> {
    this.asking += 1;
    for (let name = this.waiting.shift(); name; name = this.waiting.shift()) {
      const report = await api.fitOfHub(name, {}).catch(() => undefined);
      this.known = { ...this.known, [name]: report };
    }
    this.asking -= 1;
  }
}
