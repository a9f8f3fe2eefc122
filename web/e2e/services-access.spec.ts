/** axe on what remote services bring to the page, and on the monitor, in both themes and three languages. */

import { expect, test, type Page } from "@playwright/test";
import { setUp, violations, words, type Language } from "./page";

const monitor = ["/monitor", "/monitor/statistics", "/monitor/history", "/monitor/logs"];

/** One of everything that services bring, in its states; what costs money is only told, and nobody is asked. */
async function seed(page: Page): Promise<void> {
  const post = (path: string, data: object): Promise<unknown> => page.request.post(`/api/v1${path}`, { data });
  const when = { tasks: [], prompt_min: null, prompt_max: null, tools: null, pictures: null };
  const always = { ...when, hours: "", days: [], max_cost: null };
  const steps = [
    { model: "serai-guide", weight: 1, when: always },
    { model: "hf/org/name", weight: 1, when: { ...always, prompt_max: 100 } },
  ];
  const route = { title: "Careful", strategy: "order", steps, private: false, attempts: 1, goes_on: false };
  await page.request.put("/api/v1/routes/careful", { data: route });
  await post("/providers", { name: "hf", kind: "huggingface", keys: ["hf_of_the_tests"] });
  await post("/budgets", { kind: "all", period: "month", amount: 50 });
  await post("/budgets", { kind: "place", name: "hf", period: "day", amount: 0, hard: false });
  await post("/budgets", { kind: "model", name: "hf/org/name", period: "all", amount: 0, unknown: true });
  const made = await page.request.post("/api/v1/hooks", { data: { url: "http://127.0.0.1:1/told", private: true } });
  const { id } = (await made.json()) as { id: string };
  await post(`/hooks/${id}/test`, {});
  const machine = { vendor: "aws", region: "us-east-1", accelerator: "gpu", instance_type: "l4", instance_size: "x1" };
  const cost = { replica: 0.8, least: 0, most: 1.6, now: 0.8, currency: "USD", seen_at: 1_795_000_000, why: "" };
  const endpoint = {
    ...{ name: "mood", namespace: "alice", repository: "org/name", task: "text-generation", revision: "", url: "" },
    ...{ framework: "", type: "", state: "running", message: "", machine, min_replica: 0, max_replica: 2, cost },
    ...{ ready_replica: 1, scale_to_zero_timeout: 15, created_at: "", updated_at: "" },
  };
  const unknown = { ...cost, replica: null, least: null, most: null, now: null, why: "It is on no price list." };
  const endpoints = [
    endpoint,
    { ...endpoint, name: "begun", state: "pending" },
    { ...endpoint, name: "spent", state: "failed", message: "Out of memory.", cost: unknown },
    { ...endpoint, name: "night", state: "scaledToZero" },
  ];
  const one = { id: "l4", machine, title: "L4", status: "available", accelerators: 1, cpus: 4, memory_gb: 30 };
  const hardware = [{ ...one, gpu_memory_gb: 24, price_per_hour: 0.8 }];
  await page.route("**/api/v1/endpoints*", (route) => route.fulfill({ json: { endpoints } }));
  await page.route("**/api/v1/endpoint-hardware*", (route) =>
    route.fulfill({ json: { hardware, seen_at: 1_795_000_000, error: null } }),
  );
  await page.route("**/api/v1/endpoint-cost*", (route) => route.fulfill({ json: cost }));
}

for (const theme of ["light", "dark"] as const) {
  for (const language of ["en", "de", "fa"] as Language[]) {
    test(`${theme}, ${language}: the monitor, services, routes, Endpoints, budgets, hooks, and what they open`, async ({
      page,
    }) => {
      test.setTimeout(240_000);
      const said = words[language];
      const dialog = page.getByRole("dialog");
      await setUp(page, language, theme);
      for (const path of monitor) {
        await page.goto(path);
        await page.getByRole("heading").first().waitFor({ state: "attached" });
        await page.waitForTimeout(300);
        expect.soft(await violations(page), path).toEqual([]);
      }
      await seed(page);
      for (const [path, text] of [
        ["/settings/services", "hf"],
        ["/settings/routes", "Careful"],
        ["/settings/budgets", said["budgets.passed"]],
        ["/settings/hooks", "http://127.0.0.1:1/told"],
        ["/settings/endpoints", "Out of memory."],
      ] as const) {
        await page.goto(path);
        await page.getByText(text, { exact: true }).first().waitFor();
        expect.soft(await violations(page), path).toEqual([]);
      }
      await page.getByRole("button", { name: said["endpoints.add"] }).click();
      await dialog.getByRole("combobox", { name: said["endpoints.hardware"] }).selectOption("l4");
      await dialog.getByText(said["endpoints.cost.sleeps"]).waitFor();
      expect.soft(await violations(page), "Endpoint").toEqual([]);
      await page.goto("/settings/budgets");
      await page.getByRole("button", { name: said["budgets.add"] }).click();
      await dialog.getByRole("combobox", { name: said["budgets.kind"] }).selectOption("place");
      await dialog.getByRole("combobox", { name: said["budgets.name"] }).waitFor();
      expect.soft(await violations(page), "budget").toEqual([]);
    });
  }
}

for (const theme of ["light", "dark"] as const) {
  test(`${theme}: a service is added`, async ({ page }) => {
    await setUp(page, "fa", theme);
    await page.goto("/settings/services");
    await page.getByRole("button", { name: "افزودن سرویس" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("بیش‌تر").click();
    await dialog.getByRole("textbox", { name: /متغیر محیطی/ }).waitFor();
    expect.soft(await violations(page), "form").toEqual([]);
  });
}

for (const theme of ["light", "dark"] as const) {
  test(`${theme}: a route is written and tried`, async ({ page }) => {
    await setUp(page, "fa", theme);
    await page.goto("/settings/routes");
    await page.getByRole("button", { name: "افزودن مسیر" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: "نام" }).fill("way");
    await dialog.getByRole("combobox", { name: /مدل گام/ }).fill("serai-guide");
    await dialog.getByText("همیشه؛ افزودن شرط").click();
    await dialog.getByText("شکیبایی").click();
    await dialog.getByText("آزمون خشک").click();
    await dialog.getByRole("heading", { name: /به ترتیب/ }).waitFor();
    expect.soft(await violations(page), "route").toEqual([]);
  });
}
