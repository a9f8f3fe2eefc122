/** Markdown to safe HTML, one top-level block at a time. Raw HTML is shown as text, but for a few harmless bare tags. */

import { Marked, type RendererObject, type Token, type Tokens } from "marked";
import { blockMath, inlineMath } from "./math";
import { sanitise } from "./sanitise";

const escape = (text: string): string =>
  text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");

const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/;

/** The direction of a block: right to left as soon as a third of its letters is, whatever word it begins with (names of
 *  programs stay Latin in Persian), code left aside. Without letters the browser decides. */
function direction(text: string): string {
  const letters = text.replace(/`[^`]*`/g, "").match(/\p{L}/gu) ?? [];
  if (!letters.length) return ' dir="auto"';
  const right = letters.filter((letter) => rightToLeft.test(letter)).length;
  return right * 3 >= letters.length ? ' dir="rtl"' : ' dir="ltr"';
}

const harmless = /&lt;(\/?(?:b|br|details|em|hr|i|kbd|mark|s|strong|sub|summary|sup|u))\s*\/?&gt;/gi;
const showHtml = (raw: string): string => escape(raw).replace(harmless, "<$1>");

interface Ways {
  breaks: boolean;
  html: (raw: string) => string;
  /** Whether pictures from elsewhere are drawn as such; else they are links. */
  pictures: boolean;
}

const build = ({ breaks, html, pictures }: Ways): Marked => {
  const made = new Marked({ gfm: true, breaks, renderer: renderer(html, pictures) });
  made.use({ extensions: [blockMath, inlineMath] });
  return made;
};

const renderer = (html: Ways["html"], pictures: boolean): RendererObject => ({
  html: ({ raw }) => html(raw),
  heading({ tokens, depth, raw }) {
    const level = Math.min(depth + 1, 6);
    return `<h${level}${direction(raw)}>${this.parser.parseInline(tokens)}</h${level}>`;
  },
  paragraph({ tokens, raw }) {
    return `<p${direction(raw)}>${this.parser.parseInline(tokens)}</p>`;
  },
  list(token) {
    const tag = token.ordered ? "ol" : "ul";
    const start = token.ordered && token.start !== 1 ? ` start="${token.start}"` : "";
    const items = token.items.map((item) => this.listitem(item)).join("");
    return `<${tag}${direction(token.raw)}${start}>${items}</${tag}>`;
  },
  blockquote({ tokens, raw }) {
    return `<blockquote${direction(raw)}>${this.parser.parse(tokens)}</blockquote>`;
  },
  codespan: ({ text }) => `<code dir="ltr">${escape(text)}</code>`,
  code: ({ text, lang }) => `<pre dir="ltr"><code class="${languageClass(lang)}">${escape(text)}</code></pre>`,
  image: ({ href, text }) =>
    pictures || /^data:image\/(?:png|jpeg|gif|webp);base64,/i.test(href)
      ? `<img src="${escape(href)}" alt="${escape(text)}">`
      : `<a href="${escape(href)}">${escape(text || href)}</a>`,
  checkbox: ({ checked }) => `<span class="${checked ? "done" : "todo"}">${checked ? "☑" : "☐"}</span> `,
  table(token) {
    const row = (cells: Tokens.TableCell[], tag: string): string =>
      `<tr>${cells.map((cell) => `<${tag} dir="auto"${cell.align ? ` align="${cell.align}"` : ""}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join("")}</tr>`;
    const body = token.rows.map((cells) => row(cells, "td")).join("");
    return `<div class="table"${direction(token.raw)}><table><thead>${row(token.header, "th")}</thead><tbody>${body}</tbody></table></div>`;
  },
});

export const marked = build({ breaks: true, html: showHtml, pictures: false });

/** The language named after a fence, as a class; a hostile name becomes none. */
export const languageOf = (lang: string | undefined): string =>
  /^[\w+#.-]{1,24}/.exec(lang ?? "")?.[0]?.toLowerCase() ?? "";
const languageClass = (lang: string | undefined): string => (languageOf(lang) ? `language-${languageOf(lang)}` : "");

export const renderToken = (token: Token): string => sanitise(marked.parser([token]));

const cards = build({ breaks: false, html: (raw) => raw, pictures: true });

/** A model's card as its makers wrote it: their HTML is drawn as far as the sanitiser lets it through. */
export const renderCard = (text: string, pictures: (source: string) => string): string =>
  sanitise(cards.parse(text, { async: false }), pictures);
