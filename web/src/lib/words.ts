/** An error in the reader's language where we know its code, else in the server's own words. */

import { i18n, t } from "$/locales/i18n.svelte";

interface Told {
  code: string;
  message: string;
  hint?: string;
}

export function words(error: Told): { message: string; hint: string } {
  const key = `error.${error.code}`;
  const own = i18n.language === "en" && error.code !== "unreachable";
  if (own || !i18n.has(key)) return { message: error.message, hint: error.hint ?? "" };
  const detail = i18n.language === "en" ? "" : error.message;
  return { message: t(key as "error.unreachable"), hint: error.code === "unreachable" ? "" : detail };
}
