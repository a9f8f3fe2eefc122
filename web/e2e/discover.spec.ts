import AxeBuilder from "@axe-core/playwright";
import { expect, test, type Page } from "@playwright/test";
import { setUp, words } from "./page";

/** The hub's answers, the same against every server. */
const fit = { verdict: "fits", text: "Fits: needs about 1.6 GB of memory, models may use 10.9 GB of this machine." };
const model = {
  name: "org/tiny-chat-GGUF",
  author: "org",
  task: "text-generation",
  library: "",
  license: "mit",
  languages: ["en", "fa"],
  formats: ["gguf"],
  downloads: 1_230_000,
  likes: 40,
  gated: "auto",
  modified_at: 1,
  parameters: 1_000_000_000,
  context_length: 4096,
  architecture: "llama",
  size: 1.3e9,
  fit,
  here: [],
  job: null,
};
const form = { format: "gguf", size: 1.3e9, files: 1, fit, here: false, job: null, missing_extra: "" };
const variants = [
  { ...form, name: `${model.name}:Q4_K_M`, label: "Q4_K_M", recommended: true },
  { ...form, name: `${model.name}:F16`, label: "F16", recommended: false, fit: { ...fit, verdict: "no" } },
];
const page_ = {
  ...model,
  revision: "main",
  commit: "c".repeat(40),
  revisions: ["main", "v1"],
  tags: ["gguf"],
  weights: {},
  card: "# Tiny\n\n<b>small</b> <img src=https://elsewhere.example/x.png alt=plot> ![lost](gone.png)<script>document.title = 'owned'</script>",
  files: [{ path: "tiny.gguf", size: 1.3e9, sha256: null }],
  variants,
  evaluations: [],
  gate: { text: "Its makers let in those who accept their terms.", url: "https://hub.example/org/tiny-chat-GGUF" },
  unusable: null,
  url: "https://hub.example/org/tiny-chat-GGUF",
  offline: false,
  reason: null,
};
/** One pixel. */
const dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const away = { code: "hub_unreachable", message: "The hub cannot be reached.", who: "hub", hint: "" };

async function hub(page: Page): Promise<void> {
  await page.route("**/api/v1/hub/models?*", (route) => {
    const query = new URL(route.request().url()).searchParams.get("query") ?? "";
    const offline = query === "away";
    const models = query && !model.name.includes(query) ? [] : [model];
    return route.fulfill({ json: { models, next: null, offline, reason: offline ? away : null } });
  });
  await page.route("**/api/v1/hub/models/**", (route) =>
    route.request().url().includes(model.name)
      ? route.fulfill({ json: page_ })
      : route.fulfill({
          status: 404,
          json: { error: { code: "model_not_found", message: "No such model.", facts: { nearest: [model.name] } } },
        }),
  );
}

test.beforeEach(async ({ page }) => {
  await setUp(page);
  await hub(page);
});

test("a model is searched, looked at and downloaded, by keyboard", async ({ page }) => {
  const asked: unknown[] = [];
  await page.route("**/api/v1/downloads", (route) => {
    asked.push(route.request().postDataJSON());
    return route.fulfill({ status: 503, json: { error: { code: "busy", message: "Later." } } });
  });
  await page.goto("/models/discover");
  await page.getByRole("searchbox", { name: "Search models of the hub" }).fill("tiny");
  const card = page.getByRole("article").filter({ hasText: "tiny-chat-GGUF" });
  await expect(card.getByText("Fits here")).toBeVisible();
  await expect(card.getByText("terms to accept")).toBeVisible();
  await card.getByRole("link", { name: /Open the page/ }).press("Enter");
  await expect(page).toHaveURL(/\/models\/discover\/org\/tiny-chat-GGUF$/);
  const forms = page.getByRole("list", { name: "What can be downloaded" });
  await expect(forms.getByText("recommended here")).toHaveCount(1);
  await expect(forms.getByText("Too large for this machine")).toBeVisible();
  await page.getByRole("button", { name: `Download ${model.name}:Q4_K_M` }).press("Enter");
  await expect.poll(() => asked).toEqual([{ model: `${model.name}:Q4_K_M` }]);
});

test("a card loads and runs nothing of its makers", async ({ page }) => {
  const foreign: string[] = [];
  const asked: string[] = [];
  page.on(
    "request",
    (request) => void (new URL(request.url()).host.includes("elsewhere") && foreign.push(request.url())),
  );
  await page.route("**/api/v1/hub/picture?*", (route) => {
    const query = new URL(route.request().url()).searchParams;
    asked.push(query.get("src")!);
    expect(query.get("model")).toBe(model.name);
    if (query.get("src") === "gone.png") return route.fulfill({ status: 404, json: { error: { code: "not_found" } } });
    return route.fulfill({ contentType: "image/png", body: Buffer.from(dot, "base64") });
  });
  await page.goto(`/models/discover/${model.name}`);
  await expect(page.getByText("small", { exact: true })).toBeVisible();
  await expect(page.getByRole("img", { name: "plot" })).toHaveAttribute("src", /^blob:/);
  await expect(page.getByText("lost", { exact: true })).toBeVisible();
  expect(asked).toEqual(["https://elsewhere.example/x.png", "gone.png"]);
  await expect(page).not.toHaveTitle("owned");
  expect(foreign).toEqual([]);
});

test("the badge is exact once a header was read, and the price follows the sliders", async ({ page }) => {
  const asked: string[] = [];
  const need = { weights: 1e9, kv: 2e8, compute: 1e8, cache: 0, runtime: 1e8, total: 1.4e9, by_device: {} };
  const report = {
    model: model.name,
    verdict: "tight",
    text: "Fits with a short context.",
    need,
    devices: [],
    room: { cpu: 8e9 },
    loading: { context: 4096, parallel: 4 },
    layers: 0,
    context_length: 4096,
    shortened: "",
    would_fit: [],
  };
  await page.route("**/api/v1/fit?*", (route) => {
    const query = new URL(route.request().url()).searchParams;
    asked.push(`${query.get("model")} ${query.get("context") ?? ""}`.trim());
    return query.get("model")!.endsWith("F16")
      ? route.fulfill({ status: 502, json: { error: { code: "unreadable", message: "No." } } })
      : route.fulfill({ json: report });
  });
  await page.goto(`/models/discover/${model.name}`);
  const forms = page.getByRole("list", { name: "What can be downloaded" }).getByRole("listitem");
  await expect(forms.first()).toContainText("Fits, but tight");
  await expect(forms.first()).toContainText("needs 1.4 GB, 8 GB free for it, by its header · context 4,096");
  await expect(forms.last()).toContainText("needs about 1.6 GB of memory");
  expect(asked.toSorted()).toEqual([`${model.name}:F16`, `${model.name}:Q4_K_M`]);
  await page.getByText("What it would take").click();
  await expect(page.getByText("needs 1.4 GB, 8 GB free for it", { exact: true })).toBeVisible();
  await page.getByRole("slider", { name: "Context, in tokens" }).press("Home");
  await expect.poll(() => asked.at(-1)).toMatch(/:Q4_K_M 256$/);
});

test("filters are in the address: a reload and a way back keep them", async ({ page }) => {
  await page.goto("/models/discover?task=fill-mask&min_parameters=1000000000");
  await expect(page.getByRole("combobox", { name: "Task" })).toHaveValue("fill-mask");
  await page.getByRole("textbox", { name: "Author" }).fill("org");
  await expect(page).toHaveURL(/author=org/);
  await page.reload();
  await expect(page.getByRole("textbox", { name: "Author" })).toHaveValue("org");
  await page.getByRole("link", { name: "On this machine" }).click();
  await expect(page).toHaveURL(/\/models$/);
  await page.goBack();
  await expect(page.getByRole("combobox", { name: "Parameters from" })).toHaveValue("1000000000");
  await page.getByRole("button", { name: "Clear search and filters" }).first().click();
  await expect(page).toHaveURL(/\/models\/discover$/);
});

test("nothing found, the hub away and a name that is none all lead on", async ({ page }) => {
  await page.goto("/models/discover");
  const search = page.getByRole("searchbox", { name: "Search models of the hub" });
  await search.fill("zzz");
  await page.getByRole("button", { name: "Clear search and filters" }).last().click();
  await expect(page.getByRole("article")).toHaveCount(1);
  await search.fill("away");
  await expect(page.getByText(/The hub cannot be reached: these/)).toBeVisible();
  await page.goto("/models/discover/org/tinny");
  await page.getByRole("link", { name: model.name }).click();
  await expect(page.getByRole("heading", { name: "What can be downloaded" })).toBeVisible();
});

for (const language of ["en", "de", "fa"] as const)
  for (const theme of ["light", "dark"] as const)
    test(`discover and a model's page are accessible: ${language}, ${theme}`, async ({ page }) => {
      await setUp(page, language, theme);
      for (const path of ["/models/discover", `/models/discover/${model.name}`, "/models"]) {
        await page.goto(path);
        const shown = path.endsWith("GGUF") ? words[language]["hub.card"] : words[language]["models.discover"];
        await expect(page.getByText(shown, { exact: true }).first()).toBeVisible();
        await expect(page.getByText(words[language].loading)).toHaveCount(0);
        const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
        const found = await new AxeBuilder({ page }).withTags(rules).analyze();
        expect(found.violations.map((violation) => `${path} ${violation.id}: ${violation.nodes[0]?.html}`)).toEqual([]);
      }
    });
