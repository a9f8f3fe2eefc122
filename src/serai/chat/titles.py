"""A session's title, made from its first message."""

from __future__ import annotations

import re

LONGEST = 60

_FENCE = re.compile(r"```.*?(```|\Z)", re.DOTALL)
_MARKS = re.compile(r"^[\s#>*\-–—•]+|[`*_]{1,3}")
_SPACE = re.compile(r"\s+")


def title(text: str) -> str:
    """One short line that says what the message is about; empty when there is nothing to take it from.

    Takes the first line of prose (code only when there is nothing else), without Markdown's marks, cut at a word."""
    prose = _FENCE.sub("\n", text)
    for line in (*prose.splitlines(), *text.replace("```", "").splitlines()):
        plain = _SPACE.sub(" ", _MARKS.sub("", line)).strip()
        if plain:
            return _cut(plain)
    return ""


def _cut(line: str) -> str:
    if len(line) <= LONGEST:
        return line
    head = line[:LONGEST]
    at_word, space, _ = head.rpartition(" ")
    return (at_word if space and len(at_word) > LONGEST // 2 else head).rstrip(" ,;:.-–—") + "…"
