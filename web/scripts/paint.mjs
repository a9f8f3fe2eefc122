/** First paint of the page from the server at URL, each time in a new browser profile: node scripts/paint.mjs URL [RUNS] */

import { chromium } from "@playwright/test";
import { launch } from "../dev/chromium.mjs";

const [url, runs = "7"] = process.argv.slice(2);
const paints = [];
for (let run = 0; run < Number(runs); run++) {
  const browser = await chromium.launch(launch);
  const page = await browser.newPage();
  await page.goto(url, { waitUntil: "load" });
  const entry = await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  paints.push(await entry.jsonValue());
  await browser.close();
}
paints.sort((a, b) => a - b);
const [median, least, most] = [paints[Math.floor(paints.length / 2)], paints[0], paints.at(-1)];
console.log(JSON.stringify({ first_paint_ms: Math.round(median), least: Math.round(least), most: Math.round(most) }));
