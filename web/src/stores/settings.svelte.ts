/** The server's settings as declared, and what happens when one is changed. */

import type { Setting, SettingValue } from "$/lib/api/types";
import type { ApiError } from "$/services/http";
import * as system from "$/services/system";

/** A setting that the environment, `.env` or the command line holds cannot be changed here. */
export const fixed = (setting: Setting): boolean => setting.source !== "default" && setting.source !== "serai.toml";

export class Settings {
  all = $state.raw<Setting[]>([]);
  groups = $state.raw<Record<string, string>>({});
  loaded = $state(false);
  /** Why the last change of a key was refused. */
  refused = $state.raw<Record<string, ApiError>>({});

  async fetch(): Promise<void> {
    const answer = await system.settings();
    this.all = answer.settings;
    this.groups = answer.groups;
    this.loaded = true;
  }

  /** Sets a key, or with null gives it its default back; the refusal is kept beside the field and thrown. */
  async change(key: string, value: SettingValue): Promise<void> {
    try {
      this.all = (await system.change({ [key]: value })).settings;
      this.forgive(key);
    } catch (error) {
      this.refused = { ...this.refused, [key]: error as ApiError };
      throw error;
    }
  }

  private forgive(key: string): void {
    this.refused = Object.fromEntries(Object.entries(this.refused).filter(([name]) => name !== key));
  }
}
