/** Markdown as a list of finished blocks and a last one that still grows, so that streaming redraws only the end. */

import type { Token } from "marked";
import { languageOf, marked, renderToken } from "./render";

export type Block =
  | { kind: "html"; html: string }
  | { kind: "code"; text: string; language: string; closed: boolean }
  | { kind: "math"; tex: string };

interface Placed {
  start: number;
  raw: string;
  block: Block;
}

export interface Parsed {
  source: string;
  placed: Placed[];
}

export const nothing: Parsed = { source: "", placed: [] };

/** Blocks that a growing last line can no longer change: all but the last two (a line may yet join the list before it). */
const OPEN = 2;

/** Parses `source`; when it continues `before`, only from its last two blocks on. Unchanged blocks stay the same objects. */
export function parse(source: string, before: Parsed = nothing): Parsed {
  const text = source.replace(/\r\n?/g, "\n");
  const grown = before.placed.length > OPEN && text.startsWith(before.source);
  const kept = grown ? before.placed.slice(0, -OPEN) : [];
  let start = grown ? before.placed[kept.length]!.start : 0;
  const placed = [...kept];
  for (const token of marked.lexer(text.slice(start))) {
    if (token.type !== "space" && token.type !== "def") {
      const old = before.placed[placed.length];
      placed.push(old?.raw === token.raw ? { ...old, start } : { start, raw: token.raw, block: toBlock(token) });
    }
    start += token.raw.length;
  }
  return { source: text, placed };
}

function toBlock(token: Token): Block {
  if (token.type === "code") {
    const fenced = /^ {0,3}(`{3,}|~{3,})/.exec(token.raw)?.[1];
    const closed = !fenced || new RegExp(`\\n {0,3}${fenced[0]}{${fenced.length},}\\s*$`).test(token.raw);
    return { kind: "code", text: token.text, language: languageOf(token.lang), closed };
  }
  if (token.type === "blockMath") return { kind: "math", tex: token.text };
  return { kind: "html", html: renderToken(token) };
}
