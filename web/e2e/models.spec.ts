import { expect, test } from "@playwright/test";
import { setUp } from "./page";

test.beforeEach(({ page }) => setUp(page));

test("what is on this machine is listed, with what can be done", async ({ page }) => {
  await page.goto("/models");
  const row = page.getByRole("row", { name: /guide/i });
  await expect(row).toBeVisible();
  await expect(row.getByRole("button", { name: "Chat" })).toBeVisible();
});

test("a model is unloaded and loaded by hand", async ({ page }) => {
  await page.goto("/models");
  const row = page.getByRole("row", { name: /guide/i });
  const [load, unload] = [
    row.getByRole("button", { name: "Load", exact: true }),
    row.getByRole("button", { name: "Unload" }),
  ];
  await expect(load.or(unload)).toBeVisible();
  if (await load.isVisible()) await load.click();
  await unload.click({ timeout: 30_000 });
  await load.click();
  await expect(unload).toBeVisible({ timeout: 30_000 });
});

test("what runs is shown with memory, device and speed", async ({ page }) => {
  await page.request.post("/api/v1/running", { data: { model: "serai-guide" } });
  await page.goto("/models/running");
  const card = page.getByRole("article").filter({ hasText: /guide/i });
  await expect(card.getByText("Memory")).toBeVisible({ timeout: 30_000 });
  await expect(card.getByText("Device")).toBeVisible();
  await expect(card.getByText("protected", { exact: true })).toBeVisible();
  const memory = page.getByRole("region", { name: "Memory of this machine" });
  await expect(memory.getByText(/guide/i)).toBeVisible();
  await expect(memory.getByText("other programs")).toBeVisible();
});

test("a running model is pinned, its log is read, and it is unloaded from its card, by keyboard", async ({ page }) => {
  await page.request.post("/api/v1/running", { data: { model: "serai-guide" } });
  await page.goto("/models/running");
  const card = page.getByRole("article").filter({ hasText: /guide/i });
  const menu = card.getByRole("button", { name: /^Actions for/ });
  await menu.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: /^Pin/ }).press("Enter");
  await expect(card.getByRole("img", { name: "Pinned" })).toBeVisible();
  await page.request.patch("/api/v1/models/serai-guide", { data: { pinned: false } });
  await menu.click();
  await page.getByRole("menuitem", { name: "Log" }).click();
  const log = page.getByRole("dialog", { name: /^Log of/ });
  await expect(log.getByRole("log")).toContainText(/\w/);
  await expect(log.getByRole("button", { name: "Copy the log" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(menu).toBeFocused();
  await card.getByRole("button", { name: "Unload" }).press("Enter");
  await expect(card).toBeHidden({ timeout: 30_000 });
});

test("a load that failed says why, and leads on", async ({ page }) => {
  const failed = {
    code: "load_failed",
    message: "It needs 9 GB of memory; 4 GB are free.",
    who: "model",
    hint: "",
    facts: { log: ["out of memory"], would_fit: [{ loading: { context: 512 }, model: "", text: "a context of 512" }] },
  };
  await page.route("**/api/v1/models", async (route) => {
    const response = await route.fetch();
    const { models } = await response.json();
    await route.fulfill({ json: { models: [{ ...models[0], state: "failed", error: failed, running: null }] } });
  });
  await page.route("**/api/v1/running", (route) =>
    route.request().method() === "GET"
      ? route.fulfill({ json: { running: [], budget: { devices: [] } } })
      : route.fulfill({ status: 202, json: {} }),
  );
  await page.goto("/models/running");
  const card = page.getByRole("article").filter({ hasText: "needs 9 GB" });
  await card.getByText("Its last words").click();
  await expect(card.getByText("out of memory")).toBeVisible();
  const arranged = page.waitForRequest((request) => request.method() === "PATCH");
  await card.getByRole("button", { name: "a context of 512" }).click();
  expect((await arranged).postDataJSON()).toEqual({ loading: { context: 512 } });
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await page.request.patch("/api/v1/models/serai-guide", { data: { loading: {} } });
});

test("a model's page has its facts and default settings", async ({ page }) => {
  await page.goto("/model/serai-guide");
  await expect(page.getByText("part of Serai")).toBeVisible();
  await expect(page.getByRole("textbox", { name: /Temperature/ })).toBeVisible();
});

test("how a model is loaded is priced as the sliders move, and holds", async ({ page }) => {
  await page.goto("/model/serai-guide");
  await page.getByRole("button", { name: "How it is loaded" }).click();
  const dialog = page.getByRole("dialog", { name: /Load / });
  await expect(dialog.getByText("Fits here")).toBeVisible();
  const slider = dialog.getByRole("slider", { name: "Context" });
  await slider.press("Home");
  await expect(slider).toHaveAttribute("aria-valuetext", "256");
  await expect(dialog.getByText(/needs .* free for it/)).toBeVisible();
  await dialog.getByRole("button", { name: /^Load/ }).click();
  await expect(dialog).toBeHidden();
  await expect
    .poll(async () => (await (await page.request.get("/api/v1/models/serai-guide")).json()).loading)
    .toEqual({ context: 256 });
  await page.request.patch("/api/v1/models/serai-guide", { data: { loading: {} } });
});

test("a file that is not there is refused in words", async ({ page }) => {
  await page.goto("/models");
  await page.getByRole("button", { name: "Add a file" }).click();
  await page.getByRole("textbox", { name: "Path of the file" }).fill("/no/such/file.txt");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await expect(page.getByRole("dialog").getByRole("alert")).toContainText("file.txt");
});

test("a model that is not known leads back to the list", async ({ page }) => {
  await page.goto("/model/no/such-model");
  await expect(page.getByText("There is no model of this name")).toBeVisible();
  await page.getByRole("link", { name: "All models" }).last().click();
  await expect(page).toHaveURL(/\/models$/);
});

test("downloads have a place of their own", async ({ page }) => {
  await page.goto("/models");
  await page.getByRole("button", { name: /^Downloads/ }).click();
  await expect(page.getByRole("dialog", { name: "Downloads" }).getByPlaceholder("org/name:Q4_K_M")).toBeVisible();
});
