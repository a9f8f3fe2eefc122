/** The page in a real browser, against the server that SERAI_URL names; without it, against the fake one. */

import { defineConfig } from "@playwright/test";
import { launch } from "./dev/chromium.mjs";

const own = process.env.SERAI_URL;

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  workers: 1,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: {
    baseURL: own ?? "http://127.0.0.1:7397",
    locale: "en-GB",
    viewport: { width: 1280, height: 800 },
    trace: "retain-on-failure",
    launchOptions: launch,
  },
  webServer: own
    ? undefined
    : {
        command: "node dev/fake-server.mjs --port 7397 --speed 120",
        url: "http://127.0.0.1:7397/api/v1/status",
        reuseExistingServer: false,
      },
});
