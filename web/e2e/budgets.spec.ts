import { expect, test, type Locator, type Page } from "@playwright/test";
import { ask, newChat, questions, setUp } from "./page";

const row = (page: Page, text: string): Locator => page.getByRole("listitem").filter({ hasText: text });

async function begin(page: Page): Promise<Locator> {
  await page.goto("/settings/budgets");
  await page.getByRole("button", { name: "Set a budget" }).click();
  return page.getByRole("dialog");
}

test.beforeEach(({ page }) => setUp(page));

test("a budget is set, seen, changed into another, and removed", async ({ page }) => {
  const name = `twin-${Date.now()}`;
  const dialog = await begin(page);
  const save = dialog.getByRole("button", { name: "Save" });
  await dialog.getByRole("textbox", { name: "US dollars" }).fill("5");
  await dialog.getByRole("combobox", { name: "For" }).selectOption("service");
  await expect(save).toBeDisabled();
  await dialog.getByRole("combobox", { name: "Which" }).fill(name);
  await dialog.getByRole("combobox", { name: "In", exact: true }).selectOption("a day");
  await save.click();
  await expect(row(page, name)).toContainText("$0 of $5.00 a day");
  await expect(row(page, name)).toContainText("refuses calls");
  await row(page, name).getByRole("button", { name: "Change" }).click();
  await dialog.getByRole("textbox", { name: "US dollars" }).fill("7.5");
  await dialog.getByRole("combobox", { name: "When it is spent" }).selectOption("only tells");
  await save.click();
  await expect(row(page, name)).toHaveCount(1);
  await expect(row(page, name)).toContainText("$0 of $7.50 a day");
  await expect(row(page, name)).toContainText("only tells");
  await row(page, name).getByRole("button", { name: "More for" }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await expect(row(page, name)).toBeHidden();
});

test("a key's own limit is shown, and changed at the key", async ({ page }) => {
  const name = `spender ${Date.now()}`;
  const data = { name, scopes: ["infer"], limits: { spend_per_day: 3 } };
  expect((await page.request.post("/api/v1/keys", { data })).ok()).toBe(true);
  test.skip(!process.env.SERAI_URL, "the fake server's keys have no budgets");
  await page.goto("/settings/budgets");
  await expect(row(page, name)).toContainText("of $3.00 a day");
  await row(page, name).getByRole("link", { name: "Limit of the key" }).click();
  await expect(page).toHaveURL(/\/settings\/keys$/);
});

for (const [when, told] of [
  ["only tells", /Budget passed: serai-guide/],
  ["refuses calls", /Budget too low for a call: serai-guide/],
] as const) {
  test(`the page says so when a budget that ${when} has had enough`, async ({ page }) => {
    await page.request.put("/api/v1/prices/serai-guide", { data: { input: 1000, output: 1000 } });
    const dialog = await begin(page);
    await dialog.getByRole("combobox", { name: "For" }).selectOption("model");
    await dialog.getByRole("combobox", { name: "Which" }).fill("serai-guide");
    await dialog.getByRole("textbox", { name: "US dollars" }).fill("0.0001");
    await dialog.getByRole("combobox", { name: "When it is spent" }).selectOption(when);
    await dialog.getByRole("button", { name: "Save" }).click();
    await expect(dialog).toBeHidden();
    await newChat(page);
    await ask(page, "How do I load a model?");
    await expect(questions(page)).toHaveCount(1);
    const banner = page.getByText(told);
    await expect(banner).toBeVisible();
    await page.getByRole("link", { name: "Budgets" }).click();
    await row(page, "serai-guide").getByRole("button", { name: "More for" }).click();
    await page.getByRole("menuitem", { name: "Remove" }).click();
    await dialog.getByRole("button", { name: "Remove" }).click();
    await expect(banner).toBeHidden();
    await page.request.delete("/api/v1/prices/serai-guide");
  });
}
