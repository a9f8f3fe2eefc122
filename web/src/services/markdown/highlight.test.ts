import { expect, it } from "vitest";
import { highlight } from "./highlight";

it("colours a known language, by its usual short names too", async () => {
  expect(await highlight("def f(): pass", "py")).toContain('<span class="hljs-keyword">def</span>');
});

it.each(["klingon", "", "constructor", "__proto__"])("leaves the unknown language %j plain", async (language) => {
  expect(await highlight("x", language)).toBeNull();
});

it("leaves very long code plain", async () => {
  expect(await highlight("x".repeat(60_001), "py")).toBeNull();
});

it("lets no markup of the code through", async () => {
  expect(await highlight("<img src=x onerror=alert(1)>", "html")).not.toContain("<img");
});
