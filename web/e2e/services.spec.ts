import { expect, test } from "@playwright/test";
import { setUp } from "./page";

const name = `twin-${Date.now()}`;

test.beforeEach(async ({ page }) => {
  await setUp(page);
  await page.goto("/settings/services");
});

test("a service is added, says how it is, is changed, and goes with its keys", async ({ page }) => {
  await page.getByRole("button", { name: "Add a service" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("combobox", { name: "Kind" }).selectOption({ label: "vLLM" });
  const add = dialog.getByRole("button", { name: "Add and check" });
  await expect(add).toBeDisabled();
  await dialog.getByRole("textbox", { name: "Name" }).fill(name);
  await dialog.getByRole("textbox", { name: "Address" }).fill("nowhere");
  await expect(dialog.getByText("An address begins with https://")).toBeVisible();
  await dialog.getByRole("textbox", { name: "Address" }).fill("http://127.0.0.1:1/v1");
  await expect(dialog.getByText("on this machine: nothing leaves it")).toBeVisible();
  await dialog.getByLabel("Key 1").fill("a-key-of-mine");
  await add.click();
  const row = page.getByRole("listitem").filter({ hasText: name });
  await expect(row.getByRole("status")).toContainText(/does not answer/);
  await expect(row).toContainText("1 key");
  await row.getByRole("button", { name: `More for ${name}` }).click();
  await page.getByRole("menuitem", { name: "Change" }).click();
  await expect(dialog.getByLabel("Key 1")).toHaveValue("");
  await dialog
    .getByRole("textbox", { name: "Models that it does not list itself" })
    .or(dialog.getByText("Further"))
    .first()
    .click();
  await dialog.getByRole("textbox", { name: "Models that it does not list itself" }).fill("mine");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();
  await row.getByRole("button", { name: `Models: ${name}` }).click();
  await expect(dialog.getByText("mine", { exact: true })).toBeVisible();
  await dialog.getByRole("button", { name: "Close" }).click();
  await row.getByRole("button", { name: `More for ${name}` }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await expect(dialog).toContainText("1 key");
  await dialog.getByRole("button", { name: "Remove" }).click();
  await expect(row).toBeHidden();
});

test("a key of one's own is set, checked, and taken back", async ({ page }) => {
  test.skip(Boolean(process.env.SERAI_URL), "needs a service that is there and refuses a key");
  const key = page.getByLabel("Your own key for groq", { exact: true });
  const form = page.locator("form").filter({ hasText: "groq" });
  await key.fill("bad-key-of-mine");
  await form.getByRole("button", { name: /^Save/ }).click();
  await expect(form).toContainText("1 key of your own");
  await expect(form.getByRole("status")).toContainText(/refused the key/);
  await expect(key).toHaveValue("");
  await form.getByRole("button", { name: /^Remove/ }).click();
  await expect(form).toContainText("none of your own");
});

test("the whole form can be filled with the keyboard", async ({ page }) => {
  await page.getByRole("button", { name: "Add a service" }).press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("combobox", { name: "Kind" }).focus();
  await page.keyboard.press("Tab");
  await expect(dialog.getByRole("textbox", { name: "Name" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("button", { name: "Add a service" })).toBeFocused();
});

test("a price that nobody knows is said to be unknown, and can be set", async ({ page }) => {
  test.skip(Boolean(process.env.SERAI_URL), "needs a service with models");
  await page.request.get("/__fake?reset=full");
  await page.reload();
  await page.getByRole("button", { name: "Models: groq" }).click();
  const dialog = page.getByRole("dialog", { name: "Models of groq" });
  await expect(dialog.getByRole("button", { name: /llama-3.3-70b.*\$0.59 read/ })).toBeVisible();
  await dialog.getByRole("button", { name: /gpt-oss-120b.*price unknown/ }).click();
  await dialog.getByRole("textbox", { name: /^Written/ }).fill("0.5");
  await dialog.getByRole("button", { name: "Set this price" }).click();
  const priced = dialog.getByRole("button", { name: /gpt-oss-120b.*\$0.50 written/ });
  await priced.click();
  await dialog.getByRole("button", { name: "Back to the known price" }).click();
  await expect(dialog.getByRole("button", { name: /gpt-oss-120b.*price unknown/ })).toBeVisible();
});
