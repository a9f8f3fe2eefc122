import { expect, test } from "@playwright/test";
import { setUp } from "./page";

test.beforeEach(({ page }) => setUp(page));

test("a setting is changed and goes back to its default", async ({ page }) => {
  await page.request.patch("/api/v1/settings", { data: { "models.max_loaded": null } });
  await page.goto("/settings/server");
  const field = page.getByRole("textbox", { name: "Loaded at once" });
  await field.fill("5");
  await field.press("Enter");
  await field.blur();
  await page.getByRole("button", { name: "Back to the default: Loaded at once" }).click();
  await expect(field).toHaveValue("0");
});

test("a value that does not fit is refused beside its field", async ({ page }) => {
  await page.goto("/settings/server");
  const field = page.getByRole("textbox", { name: "Loaded at once" });
  await field.fill("many");
  await field.blur();
  await expect(page.getByRole("alert")).toContainText("models.max_loaded");
});

test("an API key is shown once and revoked", async ({ page }) => {
  const name = `key ${Date.now()}`;
  await page.goto("/settings/keys");
  await page.getByRole("textbox", { name: "Name of the key" }).fill(name);
  await page.getByRole("button", { name: "Create a key" }).click();
  await expect(page.getByRole("status").getByText(/^serai-/)).toBeVisible();
  await page.reload();
  const row = page.getByRole("listitem").filter({ hasText: name });
  await expect(row).toBeVisible();
  await expect(page.getByRole("status").getByText(/^serai-/)).toBeHidden();
  await row.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await expect(row).toBeHidden();
});

test("a key says what it is for, and is changed and replaced", async ({ page }) => {
  const name = `bot ${Date.now()}`;
  await page.goto("/settings/keys");
  await page.getByRole("textbox", { name: "Name of the key" }).fill(name);
  await page.getByText("Limit it further").click();
  await page.getByRole("textbox", { name: "Only these models" }).fill("org/*, serai-guide");
  await page.getByRole("checkbox", { name: "Only on this machine" }).check();
  await page.getByRole("button", { name: "OpenAI", exact: true }).click();
  const calls = page.getByRole("textbox", { name: "Calls a minute" });
  await calls.fill("many");
  await expect(page.getByRole("button", { name: "Create a key" })).toBeDisabled();
  await calls.fill("60");
  await page.getByRole("button", { name: "Create a key" }).click();
  const row = page.getByRole("listitem").filter({ hasText: name });
  await expect(row).toContainText("org/*, serai-guide");
  await expect(row).toContainText("60 calls a minute");
  await row.getByRole("button", { name: /Change/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Calls a minute" }).fill("");
  await dialog.getByRole("radio", { name: /Something else/ }).check();
  await dialog.getByRole("button", { name: "Chats" }).click();
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(row).toContainText("Ask models and Chats");
  await expect(row).not.toContainText("60 calls");
  await row.getByRole("button", { name: /Replace/ }).click();
  await dialog.getByRole("combobox", { name: "The old text" }).selectOption("goes on for an hour");
  await dialog.getByRole("button", { name: "Replace" }).click();
  await expect(page.getByRole("status").getByText(/^serai-/)).toBeVisible();
  await expect(row).toContainText("old text until");
});

for (const [section, text] of [
  ["secrets", "Hugging Face token"],
  ["hardware", "Processor"],
  ["doctor", "Check again"],
  ["logs", "Level"],
  ["about", "Version"],
]) {
  test(`the panel ${section} shows itself`, async ({ page }) => {
    await page.goto(`/settings/${section}`);
    await expect(page.getByText(text!, { exact: true }).first()).toBeVisible();
  });
}

test("engines are listed, what is used is marked, and a wrong path is refused in words", async ({ page }) => {
  await page.goto("/settings/engines");
  await expect(page.getByText("in use")).toBeVisible();
  await expect(page.getByText("ONNX Runtime")).toBeVisible();
  await expect(page.getByRole("button", { name: "Build now" })).toBeEnabled();
  await page.getByRole("textbox", { name: /llama-server/ }).fill("/nowhere/llama-server");
  await page.getByRole("button", { name: "Try and use" }).press("Enter");
  await expect(page.getByRole("region", { name: "Notifications" })).toContainText("/nowhere/llama-server");
});

test("what the doctor and the advice say is in the language of the page", async ({ page }) => {
  await setUp(page, "fa");
  await page.goto("/settings/doctor");
  await expect(page.getByRole("listitem").filter({ hasText: "پایگاه داده" })).toContainText(/سالم/, {
    timeout: 60_000,
  });
});
