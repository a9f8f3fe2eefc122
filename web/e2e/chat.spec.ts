import { expect, test } from "@playwright/test";
import { answered, answers, ask, composer, newChat, questions, setUp } from "./page";

test.beforeEach(async ({ page }) => {
  await setUp(page);
  await newChat(page);
});

test("a question gets an answer, with who answered and how fast", async ({ page }) => {
  await ask(page, "How do I load a model?");
  await expect(page).toHaveURL(/\/chat\/.+/);
  const answer = await answered(page);
  await expect(answer).toContainText("on this machine");
  await expect(answer).toContainText("first token");
  await expect(composer(page)).toHaveValue("");
});

test("the answer can be stopped, and what was written stays", async ({ page }) => {
  // However fast the model is, the page has not heard of the end when Stop is pressed.
  await page.route("**/api/v1/messages/*/stream*", () => undefined);
  await ask(page, "Tell me a long story about Serai.");
  const stop = page.getByRole("button", { name: "Stop", exact: true });
  await stop.click();
  await expect(stop).toBeHidden();
  expect((await (await answered(page)).innerText()).length).toBeGreaterThan(20);
});

test("regenerating makes a version beside it, and both can be seen", async ({ page }) => {
  await ask(page, "What is Serai?");
  const answer = await answered(page);
  await answer.getByRole("button", { name: "Regenerate" }).click();
  await expect(answers(page).last().getByText("2/2")).toBeVisible({ timeout: 45_000 });
  await answered(page);
  await answers(page).last().getByRole("button", { name: "Previous version" }).click();
  await expect(answers(page).last().getByText("1/2")).toBeVisible();
});

test("editing a question makes a branch; the old one stays", async ({ page }) => {
  await ask(page, "What is Serai?");
  await answered(page);
  await questions(page).first().hover();
  await questions(page).first().getByRole("button", { name: "Edit" }).click();
  await page.getByRole("textbox", { name: "Edit" }).fill("How do I stop Serai?");
  await page.getByRole("textbox", { name: "Edit" }).press("Enter");
  await expect(questions(page).first()).toContainText("How do I stop Serai?");
  await answered(page);
  await questions(page).first().getByRole("button", { name: "Previous version" }).click();
  await expect(questions(page).first()).toContainText("What is Serai?");
});

test("a reload in the middle joins the running answer", async ({ page }) => {
  await ask(page, "Tell me a long story about Serai.");
  await page.reload();
  await expect(questions(page).first()).toContainText("Tell me a long story about Serai.");
  const answer = await answered(page);
  expect((await answer.innerText()).length).toBeGreaterThan(20);
});

test("a draft outlives a reload", async ({ page }) => {
  await composer(page).fill("half a thought");
  await page.reload();
  await expect(composer(page)).toHaveValue("half a thought");
});

test("the context starts anew, and the history stays", async ({ page }) => {
  await ask(page, "What is Serai?");
  await answered(page);
  await page.getByRole("button", { name: "Start the context anew" }).click();
  await expect(page.getByRole("separator", { name: "Context starts here" })).toBeVisible();
  await expect(questions(page).first()).toBeVisible();
});

test("a chat is renamed, found, deleted and brought back", async ({ page }) => {
  const name = `Caravan ${Date.now()}`;
  await ask(page, "What is Serai?");
  await answered(page);
  await page
    .getByRole("banner")
    .or(page.locator("header"))
    .getByRole("heading", { level: 1 })
    .getByRole("button")
    .click();
  await page.getByRole("dialog").getByRole("textbox").fill(name);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("searchbox", { name: "Search chats" }).fill(name);
  const row = page.getByRole("navigation", { name: "Chats" }).getByRole("link");
  await expect(row).toHaveCount(1);
  await row.hover();
  await page.getByRole("button", { name: `Actions for ${name}` }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await expect(row).toHaveCount(0);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("searchbox", { name: "Search chats" }).fill("");
  await expect(page.getByRole("link", { name })).toBeVisible();
});

test("only changed settings are kept, and can be reset", async ({ page }) => {
  await ask(page, "What is Serai?");
  await answered(page);
  await page.getByRole("button", { name: "Chat settings" }).click();
  const drawer = page.getByRole("complementary", { name: "Chat settings" });
  await drawer.getByRole("textbox", { name: /Temperature/ }).fill("0.3");
  await drawer.getByRole("textbox", { name: /Temperature/ }).press("Enter");
  await drawer.getByRole("textbox", { name: /Temperature/ }).blur();
  await expect(drawer.getByRole("button", { name: "Reset 1 change" })).toBeVisible();
  const id = page.url().split("/").pop();
  const kept = await (await page.request.get(`/api/v1/sessions/${id}`)).json();
  expect(kept.session.settings).toEqual({ temperature: 0.3 });
  await drawer.getByRole("button", { name: "Reset 1 change" }).click();
  await expect(drawer.getByRole("button", { name: /Reset/ })).toBeHidden();
});

test("Persian in an English page reads from right to left", async ({ page }) => {
  await ask(page, "سرای چیست؟");
  const bubble = questions(page).first().locator("[dir=auto]");
  expect(await bubble.evaluate((node) => getComputedStyle(node).direction)).toBe("rtl");
  await answered(page);
});

test("nothing is asked of any other server", async ({ page, baseURL }) => {
  const foreign: string[] = [];
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(baseURL!).origin && !request.url().startsWith("data:"))
      foreign.push(request.url());
  });
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await page.reload();
  await ask(page, "What is Serai?");
  await answered(page);
  expect(foreign).toEqual([]);
  expect(complaints.filter((text) => /Content Security Policy/i.test(text))).toEqual([]);
});
