/** Pictures of a view: node dev/shots.mjs OUT_DIR NAME PATH [--theme dark] [--lang fa] [--size 360x740] [--do "js"] [--base URL] */

import { mkdir } from "node:fs/promises";
import { parseArgs } from "node:util";
import { chromium } from "@playwright/test";
import { launch } from "./chromium.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    theme: { type: "string", default: "light" },
    lang: { type: "string", default: "en" },
    size: { type: "string", default: "1280x800" },
    do: { type: "string" },
    base: { type: "string", default: "http://127.0.0.1:7399" },
    wait: { type: "string", default: "600" },
  },
});
const [out, name, path = "/"] = positionals;
const [width, height] = values.size.split("x").map(Number);
await mkdir(out, { recursive: true });
const browser = await chromium.launch(launch);
const page = await browser.newPage({
  viewport: { width, height },
  locale: "en-GB",
  colorScheme: values.theme === "dark" ? "dark" : "light",
  hasTouch: width < 500,
});
page.on("console", (message) => message.type() === "error" && console.error("console:", message.text()));
page.on("pageerror", (error) => console.error("page:", error.stack));
await page.addInitScript(
  ([theme, lang]) => {
    localStorage.setItem("serai.theme", theme);
    localStorage.setItem("serai.language", lang);
  },
  [values.theme, values.lang],
);
const patch = (body) =>
  fetch(`${values.base}/api/v1/settings`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
await patch({ "page.theme": values.theme, "page.language": values.lang });
await page.goto(values.base + path);
await page.waitForLoadState("load");
await page.waitForTimeout(Number(values.wait));
if (values.do) {
  await new Function("page", `return (async () => { ${values.do} })()`)(page);
  await page.waitForTimeout(400);
}
await page.screenshot({ path: `${out}/${name}.png` });
await browser.close();
