/** What a download is at, in the reader's language: the server says it in a few fixed words. */

import { i18n, t } from "$/locales/i18n.svelte";

const known = {
  "asking the hub": "note.asking",
  "checking what is here": "note.checking",
  "connection lost, trying again": "note.lost",
  "the hub asks to slow down": "note.slow",
  "the hub has trouble": "note.trouble",
  "another download fetches the same file": "note.shared",
  "arrived damaged, fetching it again": "note.damaged",
} as const;

const counted = /^(\d+) of (\d+) files$/;

/** "3 of 12 files", where that is what the note says. */
export function filesOf(note: string): string {
  const [, a, b] = counted.exec(note) ?? [];
  return a && b ? t("note.files", { a: Number(a), b: Number(b) }) : "";
}

/** Anything else that it says. */
export function troubleOf(note: string): string {
  if (counted.test(note)) return "";
  const key = known[note as keyof typeof known];
  return key && i18n.ready ? t(key) : note;
}
