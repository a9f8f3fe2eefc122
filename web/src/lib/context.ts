/** How many tokens the next call would read: measured for what was answered, estimated for the rest. */

import type { Message } from "./api/types";

/** Latin text has about four letters a token, Arabic script about two and a half, CJK one. */
export function estimate(text: string): number {
  let tokens = 0;
  for (const letter of text) {
    const code = letter.codePointAt(0)!;
    tokens += code < 0x590 ? 0.25 : code < 0x2e80 ? 0.4 : 0.9;
  }
  return Math.ceil(tokens);
}

export function usedTokens(messages: Message[], system: string, draft: string): { tokens: number; exact: boolean } {
  const reset = messages.findLastIndex((message) => message.role === "reset");
  const context = messages.slice(reset + 1);
  const measured = context.findLastIndex((message) => message.usage !== null);
  const usage = context[measured]?.usage;
  const base = usage ? usage.prompt_tokens + usage.completion_tokens : estimate(system);
  const rest = context.slice(measured + 1).reduce((sum, message) => sum + estimate(message.text), estimate(draft));
  return { tokens: base + rest, exact: rest === 0 };
}
