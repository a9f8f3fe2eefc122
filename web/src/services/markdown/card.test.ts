import { describe, expect, it } from "vitest";
import { marked, renderCard as render, renderToken } from "./render";

const renderCard = (text: string): string => render(text, (source) => `/ask?${encodeURIComponent(source)}`);
const dom = (text: string): HTMLElement => new DOMParser().parseFromString(renderCard(text), "text/html").body;

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
    const body = dom(text);
    expect(body.querySelector("script, iframe, video, source, svg, [src], [style], [onerror], [onclick]")).toBe(null);
    for (const link of body.querySelectorAll("a[href]")) expect(link.getAttribute("href")).toMatch(/^https?:/);
  });

  it.each([
    ["![a](figs/a.png)", "figs/a.png"],
    ["<img src='./a.png' width=120>", "./a.png"],
    [
      "<picture><source srcset=x.png><img src=https://elsewhere.example/x.png></picture>",
      "https://elsewhere.example/x.png",
    ],
    ["[![badge](//elsewhere.example/b.svg)](https://elsewhere.example)", "//elsewhere.example/b.svg"],
    ["<img src='javascript:alert(1)'>", "javascript:alert(1)"],
    ["<img src='/api/v1/models'>", "/api/v1/models"],
  ])("asks our own server for its pictures, as it names them: %s", (text, source) => {
    const image = dom(text).querySelector("img");
    expect(image?.getAttribute("data-picture")).toBe(`/ask?${encodeURIComponent(source)}`);
    expect(image?.hasAttribute("src")).toBe(false);
  });

  it("keeps a picture's size where it is one", () => {
    const image = dom("<img src=a.png width=120 height='1;x'>").querySelector("img");
    expect([image?.getAttribute("width"), image?.getAttribute("height")]).toEqual(["120", null]);
  });

  it("an answer of a model draws no picture from elsewhere, and neither can name its place", () => {
    expect(renderToken(marked.lexer("![x](https://elsewhere.example/x.png)")[0]!)).not.toContain("<img");
    expect(dom("<img data-picture='/api/v1/keys'>").querySelector("img")?.hasAttribute("data-picture")).not.toBe(true);
  });
});
