import { describe, expect, it } from "vitest";
import { renderCard } from "./render";

describe("a card", () => {
  it("keeps the harmless HTML of its makers", () => {
    const html = renderCard('<div align="center"><h2>Title</h2></div>\n\nA <b>bold</b> word\n\n| a |\n|---|\n| 1 |');
    expect(html).toContain("<h2>Title</h2>");
    expect(html).toContain("<b>bold</b>");
    expect(html).toContain("<table>");
  });

  it.each([
    "<script>alert(1)</script>",
    "<img src=https://elsewhere.example/x.png onerror=alert(1)>",
    "![x](https://elsewhere.example/x.png)",
    "<div style='background:url(https://elsewhere.example)'>x</div>",
    "<iframe src=https://elsewhere.example></iframe><video src=https://elsewhere.example></video>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "<div\n\nonclick=alert(1)>x</div>",
    "<picture><source srcset=https://elsewhere.example/x.png></picture>",
    "<svg><image href=https://elsewhere.example/x.png></image></svg>",
  ])("loads and runs nothing: %s", (text) => {
    const body = new DOMParser().parseFromString(renderCard(text), "text/html").body;
    expect(body.querySelector("script, img, iframe, video, source, svg, [style], [onerror], [onclick]")).toBe(null);
    for (const link of body.querySelectorAll("a[href]")) expect(link.getAttribute("href")).toMatch(/^https?:/);
  });
});
