import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test, type Locator, type Page } from "@playwright/test";
import { setUp } from "./page";

/** An address that takes messages, and remembers them. */
function listening(): Promise<{ server: Server; url: string; taken: { type: string }[] }> {
  const taken: { type: string }[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => (text += chunk));
    request.on("end", () => (taken.push(JSON.parse(text) as { type: string }), response.end()));
  });
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () =>
      resolve({ server, taken, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/told` }),
    ),
  );
}

const row = (page: Page, url: string): Locator => page.getByRole("listitem").filter({ hasText: url });

async function add(page: Page, url: string): Promise<void> {
  await page.getByRole("textbox", { name: "Address" }).fill(url);
  await page.getByRole("switch", { name: "Allow a private address" }).check();
  await page.getByRole("button", { name: "Add a hook" }).click();
  await expect(row(page, url)).toBeVisible();
}

test.beforeEach(async ({ page }) => {
  await setUp(page);
  await page.goto("/settings/hooks");
});

test("a hook is added with what it is told of, shows its secret once, takes a message, and is removed", async ({
  page,
}) => {
  const { server, url, taken } = await listening();
  await page.getByRole("textbox", { name: "Address" }).fill("nowhere");
  await expect(page.getByRole("button", { name: "Add a hook" })).toBeDisabled();
  await page.getByRole("button", { name: "a call failed" }).click();
  await add(page, url);
  await expect(row(page, url)).toContainText("a call failed");
  await expect(row(page, url)).not.toContainText("a job has ended");
  await expect(page.getByText(/^whsec_/)).toBeVisible();
  await page.reload();
  await expect(row(page, url)).toContainText("took no message yet");
  await expect(page.getByText(/^whsec_/)).toBeHidden();
  await row(page, url).getByRole("button", { name: "Try" }).click();
  await expect(row(page, url)).toContainText("It took a message");
  await expect(row(page, url)).toContainText("took a message just now");
  if (process.env.SERAI_URL) expect(taken.map((message) => message.type)).toEqual(["test"]);
  await row(page, url).getByRole("button", { name: "More for" }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await expect(row(page, url)).toBeHidden();
  server.close();
});

test("a hook that nobody answers says so", async ({ page }) => {
  const url = "http://127.0.0.1:1/told";
  await add(page, url);
  await row(page, url).getByRole("button", { name: "Try" }).click();
  await expect(row(page, url)).toContainText("1 message not taken");
  await expect(row(page, url).getByRole("status")).not.toBeEmpty();
  await row(page, url).getByRole("button", { name: "More for" }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await expect(row(page, url)).toBeHidden();
});
