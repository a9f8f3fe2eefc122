/** axe on every page, in both themes and three languages; those of services and of the monitor: services-access. */

import { expect, test } from "@playwright/test";
import { answered, ask, newChat, setUp, violations, type Language } from "./page";

const pages = [
  "/",
  "/models",
  "/models/running",
  "/model/serai-guide",
  "/settings",
  "/settings/server",
  "/settings/keys",
  "/settings/secrets",
  "/settings/engines",
  "/settings/hardware",
  "/settings/doctor",
  "/settings/logs",
  "/settings/about",
  "/nowhere",
];

for (const theme of ["light", "dark"] as const) {
  for (const language of ["en", "de", "fa"] as Language[]) {
    test(`${theme}, ${language}: every page`, async ({ page }) => {
      test.setTimeout(240_000);
      await setUp(page, language, theme);
      for (const path of pages) {
        await page.goto(path);
        await page.getByRole("heading").first().waitFor({ state: "attached" });
        await page.waitForTimeout(300);
        expect.soft(await violations(page), path).toEqual([]);
      }
    });
  }
}

for (const theme of ["light", "dark"] as const) {
  test(`${theme}: a conversation, the drawer, the palette, a menu`, async ({ page }) => {
    test.setTimeout(180_000);
    await setUp(page, "en", theme);
    await newChat(page);
    await ask(page, "How do I load a model?");
    await answered(page);
    expect.soft(await violations(page), "conversation").toEqual([]);
    await page.getByRole("button", { name: "Chat settings" }).click();
    await page.getByRole("textbox", { name: /Temperature/ }).waitFor();
    expect.soft(await violations(page), "drawer").toEqual([]);
    await page.getByRole("button", { name: /^Model:/ }).click();
    await page.getByRole("option").first().waitFor();
    expect.soft(await violations(page), "picker").toEqual([]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Search and commands" }).waitFor();
    expect.soft(await violations(page), "palette").toEqual([]);
  });
}

for (const theme of ["light", "dark"] as const) {
  test(`${theme}: how a model is loaded, with all that may be set`, async ({ page }) => {
    await setUp(page, "en", theme);
    await page.goto("/model/serai-guide");
    await page.getByText("More settings").click();
    await page.getByRole("textbox", { name: /DRY: strength/ }).waitFor();
    expect.soft(await violations(page), "generation").toEqual([]);
    await page.getByRole("button", { name: "How it is loaded" }).click();
    const dialog = page.getByRole("dialog", { name: /Load / });
    await dialog.getByText("More settings").click();
    await dialog.getByRole("textbox", { name: "Threads" }).waitFor();
    expect.soft(await violations(page), "load dialog").toEqual([]);
  });
}

for (const theme of ["light", "dark"] as const) {
  test(`${theme}: where a text goes, who answered, what it costs`, async ({ page }) => {
    await setUp(page, "en", theme);
    await newChat(page);
    await ask(page, "How do I load a model?");
    await (await answered(page)).getByRole("button", { name: /who answered and why/ }).click();
    await page.getByRole("dialog", { name: "Who answered, and why" }).waitFor();
    expect.soft(await violations(page), "who").toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /^Your text/ }).click();
    await page.getByRole("dialog", { name: "Where your text goes" }).waitFor();
    expect.soft(await violations(page), "whither").toEqual([]);
    await page.goto("/monitor/history");
    await page
      .getByRole("button", { name: /^Details/ })
      .first()
      .click();
    await page.getByRole("heading", { name: "Its words" }).waitFor();
    expect.soft(await violations(page), "past call").toEqual([]);
  });
}
