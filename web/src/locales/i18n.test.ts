import { afterEach, describe, expect, it } from "vitest";
import { i18n, languages } from "./i18n.svelte";

afterEach(() => i18n.use("en"));

describe("words", () => {
  it("choose the plural and fill the gaps", async () => {
    await i18n.use("en");
    expect([1, 2].map((n) => i18n.t("tokens", { n }))).toEqual(["1 token", "2 tokens"]);
    await i18n.use("de");
    expect(i18n.t("of", { a: 1.5, b: 3 })).toBe("1,5 von 3");
  });

  it("keep a foreign name from turning a Persian sentence around", async () => {
    await i18n.use("fa");
    expect(i18n.t("start.text", { name: "Qwen3" })).toBe("\u2068Qwen3\u2069 پاسخ می‌دهد.");
  });

  it.each(languages)("set the language and the direction of the page: %s", async (language) => {
    await i18n.use(language);
    expect([document.documentElement.lang, document.documentElement.dir]).toEqual([
      language,
      language === "fa" ? "rtl" : "ltr",
    ]);
  });

  it("tell which keys there are", () => expect([i18n.has("tokens"), i18n.has("toString")]).toEqual([true, false]));
});

describe("numbers", () => {
  it("are written in the digits of the language", async () => {
    await i18n.use("fa");
    expect(i18n.number(1204.5)).toBe("۱٬۲۰۴٫۵");
    expect(i18n.bytes(4.37e9)).toBe("۴٫۴ گیگابایت");
  });

  it.each([
    [999, "999 byte"],
    [5_200_000, "5.2 MB"],
    [4.37e9, "4.4 GB"],
    [421e9, "421 GB"],
  ])("of bytes are short: %d", async (value, text) => {
    await i18n.use("en");
    expect(i18n.bytes(value)).toBe(text);
  });

  it("of memory count like those of files", () => expect(i18n.bytes(16 * 1024 ** 3)).toBe("17.2 GB"));

  it.each([
    [0.184, "0.18 s"],
    [41.2, "41 s"],
    [200, "3 min"],
    [7200, "2 h"],
    [400_000, "5 days"],
  ])("of seconds are as exact as needed: %d", (value, text) => expect(i18n.duration(value)).toBe(text));
});
