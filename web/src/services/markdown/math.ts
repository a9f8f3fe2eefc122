/** TeX in Markdown: `$…$`, `\(…\)`, `$$…$$`, `\[…\]`; KaTeX is fetched when the first formula appears. */

import type { TokenizerAndRendererExtension } from "marked";

const escape = (text: string): string =>
  text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");

const inlineRules = [/^\$(?![\s$])((?:\\.|[^$\\\n])+?)(?<!\s)\$(?!\d)/, /^\\\(([\s\S]+?)\\\)/];
const blockRules = [/^\$\$([\s\S]+?)\$\$[^\S\n]*(?:\n|$)/, /^\\\[([\s\S]+?)\\\][^\S\n]*(?:\n|$)/];

const first = (rules: RegExp[], src: string): RegExpExecArray | null => {
  for (const rule of rules) {
    const match = rule.exec(src);
    if (match) return match;
  }
  return null;
};

export const inlineMath: TokenizerAndRendererExtension = {
  name: "inlineMath",
  level: "inline",
  start: (src) => {
    const at = src.search(/\$|\\\(/);
    return at < 0 ? undefined : at;
  },
  tokenizer(src) {
    const match = first(inlineRules, src);
    return match ? { type: "inlineMath", raw: match[0], text: match[1]!.trim() } : undefined;
  },
  renderer: (token) => `<code class="math">${escape(String(token.text))}</code>`,
};

export const blockMath: TokenizerAndRendererExtension = {
  name: "blockMath",
  level: "block",
  start: (src) => {
    const at = src.search(/\$\$|\\\[/);
    return at < 0 ? undefined : at;
  },
  tokenizer(src) {
    const match = first(blockRules, src);
    return match ? { type: "blockMath", raw: match[0], text: match[1]!.trim() } : undefined;
  },
  renderer: (token) => `<pre class="math block">${escape(String(token.text))}</pre>`,
};

/** Draws TeX into an element; what KaTeX cannot read stays as it was written. */
export async function drawMath(into: HTMLElement, tex: string, displayMode: boolean): Promise<void> {
  const [{ default: katex }] = await Promise.all([import("katex"), import("katex/dist/katex.min.css")]);
  try {
    katex.render(tex, into, { displayMode, trust: false, strict: false, maxExpand: 500, maxSize: 20 });
  } catch {
    into.textContent = tex;
  }
}
