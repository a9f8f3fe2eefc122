/** Every catalogue complete: same keys, same parameters, right plural forms, nothing empty; every key used, every used key
 * there; and every language known wherever languages are named. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createServer } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const problems = [];
const server = await createServer({
  root,
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  appType: "custom",
  logLevel: "error",
});
const load = async (language) => (await server.ssrLoadModule(`/src/locales/${language}.ts`)).default;

const files = (folder) =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });

/** A catalogue is a language: `en.ts`, `fa.ts`. */
const languages = readdirSync(join(root, "src/locales"))
  .filter((name) => /^[a-z]{2,3}\.ts$/.test(name))
  .map((name) => name.slice(0, -3));

const forms = (entry) => (typeof entry === "string" ? { other: entry } : entry);
const names = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

function compare(language, english, other) {
  for (const key of Object.keys(english)) if (!(key in other)) problems.push(`${language}: ${key} is missing`);
  for (const [key, entry] of Object.entries(other)) {
    if (!(key in english)) {
      problems.push(`${language}: ${key} is not in the English catalogue`);
      continue;
    }
    const wanted = [...new Set(names(forms(english[key]).other))].join();
    for (const [form, text] of Object.entries(forms(entry))) {
      if (!text) problems.push(`${language}: ${key} (${form}) is empty`);
      const has = [...new Set(names(text))].join();
      if (has !== wanted) problems.push(`${language}: ${key} (${form}) names {${has}}, not {${wanted}}`);
    }
    if (typeof english[key] === "object") checkPlurals(language, key, entry);
    else if (typeof entry === "object") problems.push(`${language}: ${key} has plurals, the English one has none`);
  }
}

function checkPlurals(language, key, entry) {
  const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
  if (typeof entry === "string") return problems.push(`${language}: ${key} has no plural forms`);
  for (const form of pluralCategories)
    if (!(form in entry)) problems.push(`${language}: ${key} lacks the plural form ${form}`);
  for (const form of Object.keys(entry))
    if (!pluralCategories.includes(form))
      problems.push(`${language}: ${key} has a form ${form} that the language lacks`);
}

/** What cannot read the folder names the languages itself. */
function checkKnown() {
  const direction = (locale) => (locale.getTextInfo?.() ?? locale.textInfo).direction;
  const turned = languages.filter((language) => direction(new Intl.Locale(language)) === "rtl");
  const places = [
    ["src/locales/i18n.svelte.ts", /languages = \[(.*?)\]/, languages],
    ["src/locales/i18n.svelte.ts", /rightToLeft[^=]*= \[(.*?)\]/, turned],
    ["public/theme.js", /known = \[(.*?)\]/, languages],
    ["public/theme.js", /rightToLeft = \[(.*?)\]/, turned],
    ["../src/serai/wording/__init__.py", /Language = Literal\[(.*?)\]/, languages],
    ["../src/serai/declared.py", /language: Literal\["auto", (.*?)\]/, languages],
  ];
  for (const [file, list, wanted] of places) {
    const found = list.exec(readFileSync(join(root, file), "utf8"))?.[1].match(/\w+/g) ?? [];
    if ([...found].sort().join() !== [...wanted].sort().join())
      problems.push(`${file}: ${list.source.split(/\W/)[0]} names ${found.join(", ")}, not ${wanted.join(", ")}`);
  }
}

/** Literal keys, and the beginnings of those that are built from data. */
function checkUse(english) {
  const source = files(join(root, "src"))
    .filter((path) => /\.(svelte|ts)$/.test(path) && !path.includes("/locales/") && !path.endsWith(".test.ts"))
    .map((path) => readFileSync(path, "utf8"))
    .join("\n");
  const own = readFileSync(join(root, "src/locales/i18n.svelte.ts"), "utf8");
  const literals = new Set([...`${source}\n${own}`.matchAll(/["'`]([a-z][\w.]*)["'`]/gi)].map((match) => match[1]));
  const built = [...source.matchAll(/`([a-z][\w.]*\.)\$\{/g)].map((match) => match[1]);
  for (const key of Object.keys(english))
    if (!literals.has(key) && !built.some((start) => key.startsWith(start)))
      problems.push(`en: ${key} is used nowhere`);
}

try {
  const english = await load("en");
  checkKnown();
  for (const language of languages) compare(language, english, language === "en" ? english : await load(language));
  checkUse(english);
} finally {
  await server.close();
}
if (problems.length) {
  console.error(problems.join("\n"));
  process.exitCode = 1;
} else console.log("The catalogues are complete.");
