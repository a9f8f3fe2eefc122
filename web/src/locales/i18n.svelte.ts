/** The page's words in the language of its reader: typed keys, plurals, numbers and dates by Intl. */

import type { Catalogue, Key, Params } from "./catalogue";

export const languages = ["en", "de", "fa"] as const;
export type Language = (typeof languages)[number];
const rightToLeft: readonly Language[] = ["fa"];
export const languageNames: Record<Language, string> = { en: "English", de: "Deutsch", fa: "فارسی" };

const loaders: Record<Language, () => Promise<{ default: Catalogue }>> = {
  en: () => import("./en"),
  de: () => import("./de"),
  fa: () => import("./fa"),
};

const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** The invisible characters "first strong isolate" and "pop directional isolate". */
const ISOLATE = String.fromCodePoint(0x2068);
const POP = String.fromCodePoint(0x2069);

class I18n {
  language = $state<Language>("en");
  private catalogue = $state.raw<Catalogue | null>(null);
  private formats = new Map<string, unknown>();

  /** English is British here: 24 hours, day before month. */
  private readonly tag = $derived(this.language === "en" ? "en-GB" : this.language);
  readonly direction = $derived(rightToLeft.includes(this.language) ? "rtl" : "ltr");
  readonly ready = $derived(this.catalogue !== null);

  async use(language: Language): Promise<void> {
    const { default: catalogue } = await loaders[language]();
    this.formats.clear();
    this.language = language;
    this.catalogue = catalogue;
    document.documentElement.lang = language;
    document.documentElement.dir = this.direction;
  }

  /** The text for `key`; numbers are written in the language's digits, `n` chooses the plural. */
  t = <K extends Key>(key: K, ...[params]: Params<K>): string => {
    const entry = this.catalogue?.[key];
    if (entry === undefined) return key;
    const given = (params ?? {}) as Record<string, string | number>;
    const text = typeof entry === "string" ? entry : (entry[this.plural(Number(given.n))] ?? entry.other);
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = given[name];
      if (value === undefined) return whole;
      return typeof value === "number" ? this.number(value) : this.isolate(value);
    });
  };

  /** True for a key that is built from data and may not be in the catalogue. */
  has = (key: string): key is Key => this.catalogue !== null && Object.hasOwn(this.catalogue, key);

  number = (value: number, options: Intl.NumberFormatOptions = { maximumFractionDigits: 2 }): string =>
    this.format("n", options, () => new Intl.NumberFormat(this.tag, options)).format(value);

  /** In powers of 1000, files and memory alike: what fits into what can be read off the numbers. */
  bytes = (value: number, per = ""): string => {
    let step = 0;
    while (value >= 1000 && step < units.length - 1) {
      value /= 1000;
      step++;
    }
    const digits = value >= 100 || step < 2 ? 0 : 1;
    return this.unit(value, `${units[step]}${per}`, digits);
  };

  rate = (bytesPerSecond: number): string => this.bytes(bytesPerSecond, "-per-second");

  /** Persian writes units out: its short forms are Latin letters, which turn a sentence around. */
  unit = (value: number, unit: string, digits = 0): string =>
    this.number(value, {
      style: "unit",
      unit,
      unitDisplay: this.language === "fa" ? "long" : "short",
      maximumFractionDigits: digits,
    });

  /** US dollars: cents, and of less than that what is to be seen of it. */
  money = (dollars: number): string => {
    const small = dollars !== 0 && Math.abs(dollars) < 0.1;
    const digits = small ? { maximumSignificantDigits: 2 } : { minimumFractionDigits: dollars === 0 ? 0 : 2 };
    return this.number(dollars, { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", ...digits });
  };

  /** 0.18 s, 41 s, 3 min, 2 h: as exact as a person needs it. */
  duration = (seconds: number): string => {
    if (seconds < 10) return this.t("time.seconds", { n: seconds });
    if (seconds < 90) return this.t("time.seconds", { n: Math.round(seconds) });
    if (seconds < 5400) return this.t("time.minutes", { n: Math.round(seconds / 60) });
    if (seconds < 129_600) return this.t("time.hours", { n: Math.round(seconds / 3600) });
    return this.t("time.days", { n: Math.round(seconds / 86_400) });
  };

  date = (seconds: number, options: Intl.DateTimeFormatOptions = { dateStyle: "medium" }): string =>
    this.format("d", options, () => new Intl.DateTimeFormat(this.tag, options)).format(seconds * 1000);

  ago = (seconds: number): string => {
    const past = Date.now() / 1000 - seconds;
    const relative = this.format("r", {}, () => new Intl.RelativeTimeFormat(this.tag, { numeric: "auto" }));
    if (past < 45) return this.t("time.now");
    if (past < 3600) return relative.format(-Math.round(past / 60), "minute");
    if (past < 86_400) return relative.format(-Math.round(past / 3600), "hour");
    if (past < 30 * 86_400) return relative.format(-Math.round(past / 86_400), "day");
    return this.date(seconds);
  };

  languageName = (code: string): string =>
    this.format("l", {}, () => new Intl.DisplayNames(this.tag, { type: "language" })).of(code) ?? code;

  list = (items: string[]): string =>
    this.format("j", {}, () => new Intl.ListFormat(this.tag, { type: "conjunction" })).format(items);

  private plural(n: number): Intl.LDMLPluralRule {
    return this.format("p", {}, () => new Intl.PluralRules(this.tag)).select(Number.isFinite(n) ? n : 0);
  }

  /** A foreign name inside a right-to-left sentence must not turn the sentence around. */
  private isolate(text: string): string {
    return this.direction === "rtl" ? ISOLATE + text + POP : text;
  }

  private format<T>(kind: string, options: object, make: () => T): T {
    const key = `${this.language}${kind}${JSON.stringify(options)}`;
    const found = this.formats.get(key) ?? make();
    this.formats.set(key, found);
    return found as T;
  }
}

export const i18n = new I18n();
export const t = i18n.t;
