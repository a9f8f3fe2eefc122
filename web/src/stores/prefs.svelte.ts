/** Language and theme: applied at once, remembered here for the first paint and in the server's settings for everywhere. */

import { i18n, languages, type Language } from "$/locales/i18n.svelte";
import { recall, remember } from "$/lib/storage";
import * as system from "$/services/system";

export type Theme = "auto" | "light" | "dark";
type Choice = "auto" | Language;

const isLanguage = (value: unknown): value is Language => languages.includes(value as Language);
const isTheme = (value: unknown): value is Theme => value === "auto" || value === "light" || value === "dark";

const systemDark = (): MediaQueryList => matchMedia("(prefers-color-scheme: dark)");

export class Prefs {
  theme = $state<Theme>("auto");
  language = $state<Choice>("auto");

  async start(): Promise<void> {
    const theme = recall("theme");
    const language = recall("language");
    if (isTheme(theme)) this.theme = theme;
    if (isLanguage(language)) this.language = language;
    systemDark().addEventListener("change", () => this.paint());
    this.paint();
    await i18n.use(this.spoken());
  }

  /** Takes over what the server's settings say. */
  adopt(values: { theme: unknown; language: unknown }): void {
    if (isTheme(values.theme) && values.theme !== this.theme) this.applyTheme(values.theme);
    const language = values.language === "auto" || isLanguage(values.language) ? values.language : this.language;
    if (language !== this.language) void this.applyLanguage(language);
  }

  async setTheme(theme: Theme): Promise<void> {
    this.applyTheme(theme);
    await system.change({ "page.theme": theme });
  }

  async setLanguage(language: Choice): Promise<void> {
    await this.applyLanguage(language);
    await system.change({ "page.language": language });
  }

  private applyTheme(theme: Theme): void {
    this.theme = theme;
    remember("theme", theme === "auto" ? null : theme);
    this.paint();
  }

  private async applyLanguage(language: Choice): Promise<void> {
    this.language = language;
    remember("language", language === "auto" ? null : language);
    await i18n.use(this.spoken());
  }

  private paint(): void {
    const dark = this.theme === "dark" || (this.theme === "auto" && systemDark().matches);
    document.documentElement.dataset.theme = dark ? "dark" : "light";
  }

  private spoken(): Language {
    if (this.language !== "auto") return this.language;
    return navigator.languages.map((wanted) => wanted.slice(0, 2).toLowerCase()).find(isLanguage) ?? "en";
  }
}
