/** What the specs share: words of the page in three languages, and the usual moves of a person. */

import AxeBuilder from "@axe-core/playwright";
import { expect, type Locator, type Page } from "@playwright/test";
import de from "../src/locales/de";
import en from "../src/locales/en";
import fa from "../src/locales/fa";

export const words = { en, de, fa } as const;
export type Language = keyof typeof words;

export async function setUp(page: Page, language: Language = "en", theme: "light" | "dark" = "light"): Promise<void> {
  const response = await page.request.patch("/api/v1/settings", {
    data: { "page.language": language, "page.theme": theme },
  });
  expect(response.ok()).toBe(true);
  await page.addInitScript(
    ([language, theme]) => {
      localStorage.setItem("serai.language", language!);
      localStorage.setItem("serai.theme", theme!);
    },
    [language, theme],
  );
}

export const composer = (page: Page): Locator => page.getByRole("textbox", { name: "Message", exact: true });
export const answers = (page: Page): Locator => page.getByRole("article", { name: "Answer", exact: true });
export const questions = (page: Page): Locator => page.getByRole("article", { name: "Your message" });

export async function newChat(page: Page): Promise<void> {
  await page.goto("/");
  await expect(composer(page)).toBeVisible();
}

export async function ask(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press("Enter");
  await expect(questions(page).last()).toContainText(text);
}

/** The last answer stands complete, with its measurements under it. */
export async function answered(page: Page): Promise<Locator> {
  const last = answers(page).last();
  await expect(last).toHaveAttribute("aria-busy", "false", { timeout: 45_000 });
  await expect(last.getByRole("button", { name: "Regenerate" })).toBeVisible();
  return last;
}

/** What axe finds wrong, in words. */
export async function violations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    .analyze();
  return violations.map(
    (found) => `${found.id}: ${found.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(" | ")}`,
  );
}
