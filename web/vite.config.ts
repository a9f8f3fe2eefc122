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

const server = process.env.SERAI_URL ?? "http://127.0.0.1:7372";

export default defineConfig({
  base: "/",
  plugins: [woff2Only(), svelte()],
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
