/** Against a server whose Hugging Face is a twin: see tests/e2e/test_browser.py. */

import { expect, test, type Locator, type Page } from "@playwright/test";
import { setUp } from "./page";

const row = (page: Page, name: string): Locator =>
  page.getByRole("list", { name: "Endpoints" }).getByRole("listitem").filter({ hasText: name });

test.skip(Boolean(process.env.SERAI_URL) && !process.env.SERAI_TWINS, "needs a Hugging Face of its own");

test.beforeEach(async ({ page }) => {
  await setUp(page);
  await page.goto("/settings/services");
  await page.getByRole("link", { name: "Endpoints" }).last().click();
  await expect(page).toHaveURL(/\/settings\/endpoints/);
});

test("an Endpoint is created with its cost in sight, waited for, put to sleep, woken, paused and deleted", async ({
  page,
}) => {
  test.setTimeout(120_000);
  const name = `mood-${Date.now()}`;
  await page.getByRole("button", { name: "Create an Endpoint" }).click();
  const dialog = page.getByRole("dialog");
  const create = dialog.getByRole("button", { name: /^Create/ });
  await dialog.getByRole("textbox", { name: "Model on the hub" }).fill("acme/Mood.v1");
  await expect(dialog.getByRole("textbox", { name: "Name", exact: true })).toHaveValue("mood-v1");
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill(name);
  await expect(create).toBeDisabled();
  await dialog.getByRole("combobox", { name: "Machine" }).selectOption("aws-us-east-1-nvidia-l4-x1");
  await expect(create).toHaveText("Create for up to $0.80 an hour");
  await dialog.getByRole("textbox", { name: "At most" }).fill("2");
  await expect(create).toHaveText("Create for up to $1.60 an hour");
  await expect(dialog.getByRole("status")).toContainText("nothing while it sleeps");
  await create.click();
  await expect(dialog).toBeHidden();
  await expect(row(page, name)).toContainText("Waiting until it answers");
  await expect(row(page, name)).toContainText("running", { timeout: 60_000 });
  await expect(page.getByText("runs and answers")).toBeVisible({ timeout: 60_000 });
  await expect(row(page, name)).toContainText("$0.80 an hour now");
  await row(page, name).getByRole("button", { name: "Let it sleep" }).click();
  await expect(row(page, name)).toContainText("costs nothing now");
  await row(page, name).getByRole("button", { name: "Start again" }).click();
  await expect(dialog).toContainText("at most $1.60 an hour");
  await dialog.getByRole("button", { name: "Start again" }).click();
  await expect(row(page, name)).toContainText("Waiting until it answers");
  await row(page, name).getByRole("button", { name: "Stop waiting" }).click();
  await expect(row(page, name)).not.toContainText("Waiting until it answers");
  await row(page, name).getByRole("button", { name: "Pause" }).click();
  await expect(row(page, name)).toContainText("paused");
  await row(page, name).getByRole("button", { name: "More for" }).click();
  await page.getByRole("menuitem", { name: "Its log" }).click();
  await expect(dialog).toContainText("started");
  await page.keyboard.press("Escape");
  await row(page, name).getByRole("button", { name: "More for" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await expect(dialog).toContainText("acme/Mood.v1");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await expect(row(page, name)).toBeHidden();
});

test("without a token that may, the page says what is missing, and asks again", async ({ page }) => {
  await page.route("**/api/v1/endpoints", (route) =>
    route.fulfill({
      status: 400,
      json: { error: { code: "bad_request", message: "Endpoints are managed with a token, and there is none." } },
    }),
  );
  await page.reload();
  await expect(page.getByText("there is none")).toBeVisible();
  await page.unroute("**/api/v1/endpoints");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("button", { name: "Create an Endpoint" })).toBeVisible();
});
