import { expect, test } from "@playwright/test";
import { answered, ask, newChat, setUp } from "./page";

test.beforeEach(({ page }) => setUp(page));

test("a call that was made is in the history and in the statistics", async ({ page }) => {
  await newChat(page);
  await ask(page, "How do I load a model?");
  await answered(page);
  await page.getByRole("link", { name: "Monitor" }).click();
  await expect(page).toHaveURL(/\/monitor$/);
  await page.getByRole("link", { name: "History" }).click();
  await page
    .getByRole("button", { name: /^Details/ })
    .first()
    .click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("on this machine");
  await expect(dialog).toContainText("Its words");
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Statistics" }).click();
  await expect(page.getByRole("slider", { name: "Calls" })).toHaveAttribute("aria-valuetext", /answered [1-9]/);
});

test("plots are read by keyboard and as tables, and calls told apart", async ({ page }) => {
  await page.goto("/monitor/statistics");
  const plot = page.getByRole("slider", { name: "Calls" });
  await plot.focus();
  await plot.press("Home");
  await expect(plot).toHaveAttribute("aria-valuenow", "0");
  await page.getByText("As a table").first().click();
  await expect(
    page
      .getByRole("region", { name: /^Calls/ })
      .getByRole("row")
      .nth(1),
  ).toBeVisible();
  await page.getByRole("combobox", { name: "Told apart by" }).selectOption("Place");
  await expect(page.getByRole("rowheader", { name: "on this machine" })).toBeVisible();
});

test("failed calls alone are listed", async ({ page }) => {
  await page.goto("/monitor/history");
  await page.getByRole("combobox", { name: "State" }).selectOption("failed");
  await expect(page.getByText("answered", { exact: true })).toHaveCount(1); // the choice itself
});

test("the list is narrowed by who answered and who asked, and widened again", async ({ page }) => {
  await newChat(page);
  await ask(page, "How do I load a model?");
  await answered(page);
  await page.goto("/monitor/history");
  const first = page.getByRole("button", { name: /^Details/ }).first();
  await expect(first).toBeVisible();
  await page.getByRole("combobox", { name: "Who asked" }).selectOption("you");
  await page.getByRole("combobox", { name: "Backend" }).selectOption("llama.cpp");
  await expect(first).toBeVisible();
  await page.getByRole("combobox", { name: "State" }).selectOption("cancelled");
  await page.getByRole("link", { name: "Statistics" }).click();
  await page.getByRole("link", { name: "History" }).click();
  await expect(page.getByRole("combobox", { name: "Backend" })).toHaveValue("llama.cpp");
  await page.getByRole("button", { name: "All calls" }).click();
  await expect(page.getByRole("combobox", { name: "State" })).toHaveValue("");
  await expect(first).toBeVisible();
});

test("a running call is ended from here", async ({ page }) => {
  test.skip(Boolean(process.env.SERAI_URL), "needs calls that run as long as the test wants");
  await page.goto("/monitor");
  const calls = page.getByRole("list", { name: "Now" }).getByRole("listitem");
  await expect(calls).toHaveCount(2);
  await expect(calls.filter({ hasText: "groq" })).toContainText("number 2 in the queue");
  await page.getByRole("button", { name: /^Cancel: groq/ }).press("Enter");
  await expect(calls).toHaveCount(1);
});

for (const path of [
  "/monitor",
  "/monitor/statistics",
  "/monitor/history",
  "/settings/services",
  "/settings/routes",
  "/settings/endpoints",
  "/settings/budgets",
  "/settings/hooks",
  "/monitor/logs",
]) {
  test(`${path} fits a phone, right to left, too`, async ({ page }) => {
    await page.setViewportSize({ width: 360, height: 740 });
    await setUp(page, "fa");
    await page.goto(path);
    await page.getByRole("heading").first().waitFor({ state: "attached" });
    await page.waitForTimeout(300);
    const wide = await page.evaluate(() => document.scrollingElement!.scrollWidth > innerWidth);
    const spilled = await page.evaluate(() => {
      const body = document.querySelector(".page-body, .body")!;
      return body.scrollWidth > body.clientWidth + 1;
    });
    expect([wide, spilled]).toEqual([false, false]);
  });
}
