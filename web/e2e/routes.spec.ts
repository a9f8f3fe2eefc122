import { expect, test } from "@playwright/test";
import { setUp } from "./page";

const name = `way-${Date.now()}`;

test.beforeEach(async ({ page }) => {
  await setUp(page);
  await page.goto("/settings/routes");
});

test("a route is written, ordered by keyboard, tried dry before it is kept, changed, and removed", async ({ page }) => {
  await page.getByRole("button", { name: "Add a route" }).click();
  const dialog = page.getByRole("dialog");
  const save = dialog.getByRole("button", { name: "Save" });
  await dialog.getByRole("textbox", { name: "Title" }).fill("A way");
  await dialog.getByRole("textbox", { name: "Name" }).fill(name);
  await dialog.getByRole("combobox", { name: "Model of step 1" }).fill("serai-guide");
  await expect(save).toBeEnabled();
  await dialog.getByRole("button", { name: "Another model" }).click();
  await expect(save).toBeDisabled();
  await dialog.getByRole("combobox", { name: "Model of step 2" }).fill("auto");
  await page.keyboard.press("Alt+ArrowUp");
  await expect(dialog.getByRole("combobox", { name: "Model of step 1" })).toHaveValue("auto");
  await expect(dialog.getByRole("combobox", { name: "Model of step 1" })).toBeFocused();
  await dialog.getByRole("button", { name: "Move auto down" }).click();
  await expect(dialog.getByRole("combobox", { name: "Model of step 2" })).toHaveValue("auto");
  await dialog.getByText("Always; add conditions").last().click();
  await dialog.getByRole("textbox", { name: "Prompt up to, in tokens" }).last().fill("500");
  await dialog.getByText("Dry run of").click();
  await expect(dialog.getByRole("heading", { name: /Would be asked/ })).toBeVisible();
  await dialog.getByRole("textbox", { name: "As long as so many tokens" }).fill("4000");
  await expect(dialog.getByText(/about 4,0\d\d tokens/).first()).toBeVisible();
  await save.click();
  await expect(dialog).toBeHidden();
  const row = page.getByRole("listitem").filter({ hasText: name });
  await expect(row).toContainText("A way");
  await row.getByRole("button", { name: "Change" }).click();
  await expect(dialog.getByRole("textbox", { name: "Name" })).toBeDisabled();
  await dialog.getByRole("switch", { name: /Only on this machine/ }).check();
  await save.click();
  await expect(row).toContainText("only on this machine");
  await row.getByRole("button", { name: "Dry run" }).click();
  await expect(dialog.getByRole("listitem").filter({ hasText: "serai-guide" })).toContainText("on this machine");
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await row.getByRole("button", { name: /^More for/ }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await expect(row).toBeHidden();
});

test("without any route, too, it is told what would happen to a call", async ({ page }) => {
  await page.getByRole("button", { name: "What would happen to a call?" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Model or route" }).fill("serai-guide");
  await expect(dialog.getByRole("listitem").filter({ hasText: "serai-guide" })).toBeVisible();
});
