/** The downloads: seen and steered from anywhere. The server's answers are the same against every server. */

import AxeBuilder from "@axe-core/playwright";
import { expect, test, type Page } from "@playwright/test";
import { setUp, words } from "./page";

const progress = { done: 4e8, total: 2e9, rate: 2e7, eta_s: 80, note: "1 of 3 files", parts: [] as unknown[] };
const job = {
  id: "job_1",
  kind: "download",
  title: "org/slow:Q4_K_M",
  principal: "owner",
  state: "running",
  args: { model: "org/slow:Q4_K_M" },
  progress: {
    ...progress,
    parts: [
      { name: "b.safetensors", done: 1e8, total: 1e9, state: "working" },
      { name: "c.safetensors", done: 0, total: 7e8, state: "waiting" },
      { name: "a.safetensors", done: 3e8, total: 3e8, state: "done" },
    ],
  },
  result: null as unknown,
  error: null as unknown,
  created_at: 10,
  updated_at: 10,
  priority: 0,
};
const failed = {
  ...job,
  id: "job_2",
  title: "org/full",
  args: { model: "org/full" },
  state: "failed",
  progress,
  error: { code: "disk_full", message: "The disk is full: 2 GB are missing.", who: "serai", hint: "Make room." },
};
const over = { ...job, id: "job_3", title: "org/gone", args: { model: "org/gone" }, state: "cancelled", progress };

/** The server's jobs, and what was asked of it. */
async function jobs(page: Page): Promise<string[]> {
  const asked: string[] = [];
  let all = [job, failed, over];
  await page.route(/\/api\/v1\/jobs/, (route) => {
    const request = route.request();
    const { pathname, search } = new URL(request.url());
    if (request.method() === "GET") return route.fulfill({ json: { jobs: all } });
    const [, , , , id, verb] = pathname.split("/");
    asked.push([request.method(), id, verb, search, request.postData()].filter(Boolean).join(" "));
    if (request.method() === "DELETE") {
      const gone = all.filter((one) => (id ? one.id === id : one.state === "cancelled")).map((one) => one.id);
      all = all.filter((one) => !gone.includes(one.id));
      return id ? route.fulfill({ status: 204 }) : route.fulfill({ json: { removed: gone } });
    }
    const change = verb
      ? { state: { pause: "paused", resume: "queued", cancel: "cancelled" }[verb]! }
      : (request.postDataJSON() as { priority: number });
    all = all.map((one) => (one.id === id ? { ...one, ...change, error: null, updated_at: one.updated_at + 1 } : one));
    return route.fulfill({ json: all.find((one) => one.id === id) });
  });
  return asked;
}

const tray = (page: Page) => page.getByRole("dialog", { name: "Downloads" });

test.beforeEach(({ page }) => setUp(page));

test("from anywhere: what is coming, how fast, how long yet, file by file", async ({ page }) => {
  await jobs(page);
  for (const path of ["/", "/models/running", "/settings/about"]) {
    await page.goto(path);
    await page.getByRole("button", { name: "Downloads, 1 under way, 20%, 1 failed" }).click();
    const row = tray(page).getByRole("article", { name: job.title });
    await expect(row).toContainText("400 MB of 2 GB · 20 MB/s · 80 s left");
    await row.getByText("Files").click();
    await expect(row.getByRole("listitem")).toHaveText([
      /b\.safetensors.*100 MB of 1 GB/,
      /c.*700 MB · waiting/,
      /a.*300 MB/,
    ]);
    await expect(tray(page).getByText("The disk is full: 2 GB are missing. Make room.")).toBeVisible();
  }
});

test("it is steered by keyboard, and a reload changes nothing", async ({ page }) => {
  const asked = await jobs(page);
  await page.goto("/models");
  await page.getByRole("heading", { name: "Models" }).waitFor();
  await expect(async () => {
    await page.keyboard.press("g");
    await page.keyboard.press("d");
    await expect(tray(page)).toBeVisible({ timeout: 2000 });
  }).toPass();
  const row = tray(page).getByRole("article", { name: job.title });
  await row.getByRole("combobox", { name: `Priority of ${job.title}` }).selectOption("high");
  await row.getByRole("button", { name: `Pause: ${job.title}` }).press("Enter");
  await expect(row.getByRole("button", { name: `Resume: ${job.title}` })).toBeVisible();
  await page.reload();
  await page.getByRole("button", { name: /^Downloads/ }).press("Enter");
  await expect(row.getByRole("combobox")).toHaveValue("high");
  await row.getByRole("button", { name: `Resume: ${job.title}` }).press("Enter");
  await tray(page).getByRole("button", { name: "Try again: org/full" }).press("Enter");
  await expect(tray(page).getByText("Make room.")).toHaveCount(0);
  await page.keyboard.press("Escape");
  await expect(tray(page)).toHaveCount(0);
  expect(asked).toEqual(['PATCH job_1 {"priority":10}', "POST job_1 pause", "POST job_1 resume", "POST job_2 resume"]);
});

test("giving up asks once, naming what goes; what has ended is cleared", async ({ page }) => {
  const asked = await jobs(page);
  await page.goto("/");
  await page.getByRole("button", { name: /^Downloads/ }).click();
  const row = tray(page).getByRole("article", { name: job.title });
  const cancel = row.getByRole("button", { name: `Cancel download: ${job.title}` });
  await cancel.click();
  await row.getByRole("button", { name: "Keep it" }).click();
  await cancel.click();
  await expect(row.getByText("What has arrived goes: 400 MB.")).toBeVisible();
  expect(asked).toEqual([]);
  await row.getByRole("button", { name: "Cancel download", exact: true }).click();
  await expect(row).toHaveCount(0);
  await tray(page).getByRole("button", { name: "Take org/gone off the list" }).click();
  await tray(page).getByRole("button", { name: "Clear" }).click();
  await expect(tray(page).getByText("Ended")).toHaveCount(0);
  expect(asked).toEqual(["POST job_1 cancel", "DELETE job_3", "DELETE ?kind=download"]);
});

test("the cap of all together is seen and set there", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: /^Downloads/ }).click();
  const cap = tray(page).getByRole("spinbutton", { name: /At most, all together/ });
  const saved = page.waitForRequest((request) => request.method() === "PATCH" && request.url().endsWith("/settings"));
  await cap.fill("2.5");
  await cap.press("Enter");
  expect((await saved).postDataJSON()).toEqual({ "hub.rate_limit_mb": 2.5 });
  await expect(cap).toHaveValue("2.5");
  await cap.fill("");
  await cap.press("Tab");
  await expect(cap).toHaveValue("");
});

test("at 360 pixels it is a sheet that the bar opens", async ({ page }) => {
  await jobs(page);
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto("/models/running");
  await page.getByRole("button", { name: /^Downloads/ }).click();
  const box = (await tray(page).boundingBox())!;
  expect([box.x, box.width]).toEqual([0, 360]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
});

for (const language of ["en", "de", "fa"] as const)
  for (const theme of ["light", "dark"] as const)
    test(`it is accessible: ${language}, ${theme}`, async ({ page }) => {
      await setUp(page, language, theme);
      await jobs(page);
      await page.goto("/models/running");
      await page.locator("nav .tray").click();
      const dialog = page.getByRole("dialog", { name: words[language]["downloads.title"] });
      await dialog.getByText(words[language]["downloads.files"]).first().click();
      await dialog.getByRole("button", { name: new RegExp(`^${words[language]["job.cancel"]}: org/slow`) }).click();
      const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
      const found = await new AxeBuilder({ page }).withTags(rules).analyze();
      expect(found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" | ")}`)).toEqual([]);
    });
