/** How the chat bears long sessions and fast answers: node dev/perf.mjs [URL of a fake server with --messages 1000 --speed 400]
 *  Prints frames while 1,000 messages scroll, and the delay of typing while an answer streams. */

import { chromium } from "@playwright/test";
import { launch } from "./chromium.mjs";

const url = process.argv[2] ?? "http://127.0.0.1:7399";
const browser = await chromium.launch(launch);
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
const { sessions } = await (await fetch(`${url}/api/v1/sessions?q=messages`)).json();
const long = sessions.find((session) => /^\d+ messages$/.test(session.title));

await page.goto(`${url}/chat/${long.id}`);
await page.getByRole("article").first().waitFor();
const scroll = await page.getByRole("log").evaluate(async (log) => {
  const frames = [];
  let last = performance.now();
  for (let i = 0; i < 180; i++) {
    log.scrollTop -= 400;
    await new Promise(requestAnimationFrame);
    frames.push(performance.now() - last);
    last = performance.now();
  }
  frames.sort((a, b) => a - b);
  return { median: frames[90], p95: frames[171], nodes: document.querySelectorAll("*").length };
});
console.log("scrolling:", JSON.stringify(scroll));

await page.goto(`${url}/`);
const composer = page.getByRole("textbox", { name: "Message", exact: true });
await composer.fill("a long answer about the sky");
await composer.press("Enter");
await page.getByRole("button", { name: "Stop" }).waitFor();
const delays = await composer.evaluate(async (area) => {
  const delays = [];
  for (let i = 0; i < 60; i++) {
    const started = performance.now();
    area.value += "x";
    area.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((resolve) => setTimeout(resolve));
    delays.push(performance.now() - started);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  return delays.sort((a, b) => a - b);
});
const words = await page.getByRole("article", { name: "Answer", exact: true }).innerText();
console.log(
  "typing while streaming:",
  JSON.stringify({ median: delays[30], p95: delays[57], words: words.split(/\s+/).length }),
);
await browser.close();
