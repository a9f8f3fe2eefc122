/** Where a text goes, who answered and why; against the fake server, whose services answer. */

import { expect, test } from "@playwright/test";
import { answered, ask, newChat, setUp } from "./page";

test.skip(Boolean(process.env.SERAI_URL), "needs a service that answers");

test.beforeEach(async ({ page }) => {
  await setUp(page);
  await page.request.get("/__fake?reset=full");
  await newChat(page);
});

test("the composer says where the text goes, and the answer where it went", async ({ page }) => {
  await expect(page.getByRole("button", { name: "Your text: on this machine" })).toBeVisible();
  await page.getByRole("button", { name: /^Model:/ }).click();
  await page.getByRole("option", { name: /llama-3.3-70b/ }).click();
  await expect(page.getByRole("button", { name: "Your text: goes to groq" })).toBeVisible();
  await ask(page, "Hello");
  const answer = await answered(page);
  await answer.getByRole("button", { name: /who answered and why/ }).click();
  const panel = page.getByRole("dialog", { name: "Who answered, and why" });
  await expect(panel).toContainText("The text left this machine: it went to groq.");
  await expect(panel).toContainText("$0.00042");
  await page.keyboard.press("Escape");
  await expect(panel).toBeHidden();
});

test("a chat that is bound to this machine offers no service, and asks none", async ({ page }) => {
  await page.getByRole("button", { name: /^Model:/ }).click();
  await page.getByRole("option", { name: /llama-3.3-70b/ }).click();
  await page.getByRole("button", { name: /^Your text/ }).press("Enter");
  await page.getByRole("switch", { name: "Keep this chat on this machine" }).press("Space");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Your text: groq is elsewhere" })).toBeVisible();
  await ask(page, "Hello");
  await expect(page.getByRole("alert")).toContainText("bound to this machine");
  await page.getByRole("button", { name: /^Model:/ }).click();
  await expect(page.getByRole("option", { name: /Automatic/ })).toBeVisible();
  await expect(page.getByRole("option", { name: /llama-3.3-70b/ })).toHaveCount(0);
  await page.getByRole("option", { name: /Automatic/ }).click();
  await expect(page.getByRole("button", { name: "Your text: only on this machine" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("button", { name: "Your text: only on this machine" })).toBeVisible();
});
