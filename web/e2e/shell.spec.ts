import { expect, test } from "@playwright/test";
import { composer, newChat, setUp, words, type Language } from "./page";

test.beforeEach(({ page }) => setUp(page));

test("the palette reaches pages, models and actions", async ({ page }) => {
  await newChat(page);
  await page.keyboard.press("Control+k");
  const find = page.getByRole("combobox", { name: "Search and commands" });
  await find.fill("settings");
  await find.press("Enter");
  await expect(page.getByRole("heading", { name: "Settings", level: 1 })).toBeVisible();
  await page.keyboard.press("Control+k");
  await find.fill("guide");
  await expect(page.getByRole("option").first()).toContainText(/guide/i);
  await page.keyboard.press("Escape");
  await expect(find).toBeHidden();
});

test("the palette changes the theme at once, and a reload keeps it", async ({ page }) => {
  await newChat(page);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("theme dark");
  await page.keyboard.press("Enter");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

for (const language of ["en", "de", "fa"] as Language[]) {
  test(`the page speaks ${language}`, async ({ page }) => {
    await setUp(page, language);
    await page.goto("/");
    await expect(page.locator("html")).toHaveAttribute("lang", language);
    await expect(page.locator("html")).toHaveAttribute("dir", language === "fa" ? "rtl" : "ltr");
    await expect(page.getByRole("link", { name: words[language]["nav.models"] })).toBeVisible();
    const rail = await page.getByRole("navigation", { name: words[language]["nav.label"] }).boundingBox();
    expect(rail!.x > 600).toBe(language === "fa");
  });
}

test("language and theme are changed in the settings, at once", async ({ page }) => {
  await page.goto("/settings");
  await page.getByRole("radio", { name: "Deutsch" }).check();
  await expect(page.getByRole("heading", { name: "Einstellungen", level: 1 })).toBeVisible();
  await page.getByRole("radio", { name: "Dunkel" }).check();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.reload();
  await expect(page.getByRole("heading", { name: "Einstellungen", level: 1 })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await setUp(page);
});

test("everything can be reached by keyboard, with a skip link first", async ({ page }) => {
  await newChat(page);
  await page.getByRole("link", { name: "Skip to content" }).focus();
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeInViewport();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Serai, new chat" })).toBeFocused();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  await expect(composer(page)).toBeFocused();
});

test("an address that leads nowhere leads back", async ({ page }) => {
  await page.goto("/no/such/page");
  await page.getByRole("link", { name: "Back to the chat" }).click();
  await expect(composer(page)).toBeVisible();
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true });

  for (const path of ["/", "/models", "/models/running", "/settings", "/settings/server", "/model/serai-guide"]) {
    test(`${path} fits into 360 pixels`, async ({ page }) => {
      await page.goto(path);
      await expect(page.getByRole("heading", { level: 1 }).first()).toBeAttached();
      const wide = await page.evaluate(() => document.scrollingElement!.scrollWidth);
      expect(wide).toBeLessThanOrEqual(360);
      const rail = await page.getByRole("navigation", { name: "Main" }).boundingBox();
      expect(rail!.y).toBeGreaterThan(600);
    });
  }

  test("drawers are sheets", async ({ page }) => {
    await newChat(page);
    await page.getByRole("button", { name: "Chats" }).click();
    await expect(page.getByRole("dialog").getByRole("searchbox")).toBeVisible();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Chat settings" }).click();
    await expect(page.getByRole("dialog", { name: "Chat settings" })).toBeVisible();
  });
});

test("the first paint and the answer of the page are quick", async ({ page }) => {
  await page.goto("/");
  await expect(composer(page)).toBeVisible();
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]!.startTime);
  console.log(`first contentful paint: ${Math.round(paint)} ms`);
  expect(paint).toBeLessThan(2000);
});
