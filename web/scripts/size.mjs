/** The JavaScript a browser fetches before the first view stands, gzipped; fails above the budget. Run after the build. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const BUDGET = 150_000;
const page = fileURLToPath(new URL("../../src/serai/page/", import.meta.url));
const manifest = JSON.parse(readFileSync(join(page, ".vite/manifest.json"), "utf8"));

/** The entry and all it imports at once, and the largest catalogue: one of them is always needed. */
function initial() {
  const seen = new Set();
  const visit = (name) => {
    if (seen.has(name)) return;
    seen.add(name);
    (manifest[name].imports ?? []).forEach(visit);
  };
  visit("index.html");
  const catalogues = Object.keys(manifest).filter((name) => /src\/locales\/(en|de|fa)\.ts$/.test(name));
  visit(catalogues.toSorted((a, b) => weigh(manifest[b].file) - weigh(manifest[a].file))[0]);
  return [...new Set([...seen].map((name) => manifest[name].file)), "theme.js"].filter((file) => file.endsWith(".js"));
}

const weigh = (file) => gzipSync(readFileSync(join(page, file)), { level: 9 }).length;

const files = initial();
const total = files.reduce((sum, file) => sum + weigh(file), 0);
for (const file of files) console.log(`${(weigh(file) / 1000).toFixed(1).padStart(7)} kB  ${file}`);
console.log(`${(total / 1000).toFixed(1).padStart(7)} kB  initial JavaScript, gzipped (budget ${BUDGET / 1000} kB)`);
if (total > BUDGET) process.exitCode = 1;
