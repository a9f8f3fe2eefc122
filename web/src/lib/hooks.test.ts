import { beforeAll, expect, it } from "vitest";
import { i18n } from "$/locales/i18n.svelte";
import { eventWords } from "./hooks";

beforeAll(() => i18n.use("de"));

it("says what a hook is told of in the reader's language, and what is new in the server's words", () => {
  const kinds = { "job.ended": "A job is done.", "moon.full": "The moon is full." };
  expect(["job.ended", "moon.full", "what"].map((event) => eventWords(event, kinds))).toEqual([
    "ein Auftrag geendet hat",
    "The moon is full.",
    "what",
  ]);
});
