/** An error in the reader's language where we know its code, else in the server's own words. */

import { i18n, t } from "$/locales/i18n.svelte";
import { AWAY } from "$/services/http";
import type { Loading } from "./api/types";

interface Told {
  code: string;
  message: string;
  hint?: string;
}

export function words(error: Told): { message: string; hint: string } {
  const key = `error.${error.code}`;
  const own = i18n.language === "en" && error.code !== AWAY;
  if (own || !i18n.has(key)) return { message: error.message, hint: error.hint ?? "" };
  const detail = i18n.language === "en" ? "" : error.message;
  return { message: t(key as "error.unreachable"), hint: error.code === AWAY ? "" : detail };
}

/** Another way to load a model, in the reader's language: what would be set. */
export function offerText({ text, loading }: { text: string; loading: Loading }): string {
  if (i18n.language === "en") return text;
  const set = Object.entries(loading).filter(([key]) => i18n.has(`loading.${key}`));
  const told = set.map(([key, value]) => {
    const shown = typeof value === "number" ? i18n.number(value) : String(value);
    return `${t(`loading.${key}` as "loading.context")}: ${shown}`;
  });
  return told.join(" · ") || text;
}
