import { describe, expect, it, vi } from "vitest";
import { nothing, parse, type Block } from "./blocks";
import { marked } from "./render";

const texts = {
  prose: "# Title\n\nA paragraph with **bold** and `code`.\nSecond line.\n\nAnother one.",
  list: "Before\n\n- one\n- two\n\n  still two\n\n- three\n\nAfter\n\n1. a\n\n2. b\n\n3. c\n\nEnd",
  code: "Text\n\n```python\ndef f():\n    return '```'\n```\n\nafter\n\n~~~\nx\n~~~\n\nend",
  table: "| a | b |\n|---|--:|\n| 1 | 2 |\n| 3 | 4 |\n\nafter it\n\n> quote\n> more\n\nend",
  math: "Inline $x^2$ and \\(y\\).\n\n$$\\frac{1}{2}$$\n\nThen\n\n\\[z\\]\n\nend",
  persian: "سلام **دنیا**\n\n- یک\n- دو\n\n```\nکد\n```\n\nپایان",
  windows: "a\r\n\r\nb\r\n\r\n- c\r\n- d\r\n\r\ne",
};

const bare = (source: string): Block[] => parse(source).placed.map(({ block }) => block);

describe("a growing text", () => {
  it.each(Object.entries(texts))("ends as if it had come at once: %s", (_name, text) => {
    let parsed = nothing;
    for (let end = 1; end < text.length; end += 2) parsed = parse(text.slice(0, end), parsed);
    parsed = parse(text, parsed);
    expect(parsed.placed.map(({ block }) => block)).toEqual(bare(text));
  });

  it.each(Object.entries(texts))("never fails on a half of itself: %s", (_name, text) => {
    for (let end = 0; end <= text.length; end += 3) expect(() => parse(text.slice(0, end))).not.toThrow();
  });

  it("keeps finished blocks as the very same objects", () => {
    const first = parse("one\n\ntwo\n\nthree\n\nfour");
    const second = parse("one\n\ntwo\n\nthree\n\nfour and more", first);
    expect(second.placed[0]).toBe(first.placed[0]);
    expect(second.placed[1]).toBe(first.placed[1]);
    expect(second.placed[3]).not.toBe(first.placed[3]);
  });

  it("starts over when the text is another", () => {
    expect(parse("other\n\ntext\n\nhere", parse("one\n\ntwo\n\nthree")).placed).toHaveLength(3);
  });

  it("costs little per piece however long it already is", () => {
    const long = "A paragraph of some words.\n\n".repeat(50);
    const before = parse(long);
    const lexer = vi.spyOn(marked, "lexer");
    parse(`${long}More`, before);
    expect(lexer.mock.calls[0]![0].length).toBeLessThan(100);
  });
});

describe("blocks", () => {
  it("know whether a fence is closed", () => {
    expect(bare("```js\nlet x")).toEqual([{ kind: "code", text: "let x", language: "js", closed: false }]);
    expect(bare("```js\nlet x\n```")).toEqual([{ kind: "code", text: "let x", language: "js", closed: true }]);
  });

  it("find formulas, and leave prices alone", () => {
    expect(bare("$$a+b$$")).toEqual([{ kind: "math", tex: "a+b" }]);
    expect(JSON.stringify(bare("It costs $5 or $6 today"))).not.toContain("math");
    expect(JSON.stringify(bare("So $a<b$ holds"))).toContain('class=\\"math\\">a&lt;b<');
  });

  it("resolve links that are defined at the end once the text is whole", () => {
    expect(JSON.stringify(bare("[x][1]\n\n[1]: https://ok.example"))).toContain("https://ok.example");
  });
});
