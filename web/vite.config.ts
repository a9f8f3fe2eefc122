import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** KaTeX's style sheet names each font in three formats; every browser we support reads woff2. */
function woff2Only(): Plugin {
  return {
    name: "woff2-only",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("katex") || !id.endsWith(".css")) return null;
      return code.replace(/,url\([^)]*\.(?:woff|ttf)\) format\("(?:woff|truetype)"\)/g, "");
    },
  };
}

/** The licences of what is bundled, beside the page. */
function licences(): Plugin {
  const texts = {
    svelte: "LICENSE.md",
    marked: "LICENSE",
    dompurify: "LICENSE",
    "highlight.js": "LICENSE",
    katex: "LICENSE",
    virtua: "LICENSE",
    vazirmatn: "OFL.txt",
  };
  return {
    name: "licences",
    generateBundle() {
      const source = Object.entries(texts)
        .map(
          ([name, file]) =>
            `${name}\n\n${readFileSync(new URL(`./node_modules/${name}/${file}`, import.meta.url), "utf8")}`,
        )
        .join(`\n\n${"-".repeat(80)}\n\n`);
      this.emitFile({ type: "asset", fileName: "licences.txt", source });
    },
  };
}

const server = process.env.SERAI_URL ?? "http://127.0.0.1:7372";

export default defineConfig({
  base: "/",
  plugins: [woff2Only(), licences(), svelte()],
  // virtua's Svelte components are shipped as source and compiled with ours, outside runes-only mode.
  resolve: {
    alias: { $: fileURLToPath(new URL("./src", import.meta.url)) },
    conditions: process.env.VITEST ? ["browser"] : undefined,
  },
  build: {
    outDir: fileURLToPath(new URL("../src/serai/page", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    manifest: true,
  },
  server: { proxy: { "/api": server } },
  test: { environment: "jsdom", include: ["src/**/*.test.ts"], restoreMocks: true },
});
