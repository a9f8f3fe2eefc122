"""The pieces of a Go template: text, with what `{{-` and `-}}` trim taken off, and the words within actions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


class Untranslatable(Exception):
    """What this template uses has no translation; the text says what, in a few words."""


@dataclass(frozen=True, slots=True)
class Action:
    """The words between `{{` and `}}`."""

    words: tuple[str, ...]


_BLANK = " \t\r\n"
_OPEN = re.compile(r"\{\{(-(?=[ \t\r\n]))?")
_COMMENT = re.compile(r"[ \t\r\n]*/\*.*?\*/[ \t\r\n]*(-)?\}\}", re.DOTALL)
_WORD = re.compile(
    r"""(?P<close>(?:(?<=[ \t\r\n])-)?\}\})
    |(?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
    |(?P<number>-?\d+(?![\w.]))
    |(?P<variable>\$\w*(?:\.\w+)*)
    |(?P<field>\.(?:\w+(?:\.\w+)*)?)
    |(?P<sign>:=|[=|(),])
    |(?P<name>[A-Za-z_]\w*)""",
    re.VERBOSE,
)
_SPACE = re.compile(r"[ \t\r\n]*")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "'": "'"}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)


def pieces(template: str) -> Iterator[str | Action]:
    """Texts and actions in order. Raises Untranslatable."""
    at, trims = 0, False
    while found := _OPEN.search(template, at):
        text = template[at : found.start()]
        yield _trimmed(text, left=trims, right=bool(found[1]))
        if comment := _COMMENT.match(template, found.end()):
            at, trims = comment.end(), bool(comment[1])
            continue
        words, at, trims = _words(template, found.end())
        yield Action(words)
    yield _trimmed(template[at:], left=trims, right=False)


def text_of(word: str) -> str:
    """What a string of Go's means. Raises Untranslatable."""
    return word[1:-1] if word.startswith("`") else _ESCAPE.sub(_escaped, word[1:-1])


def _words(template: str, at: int) -> tuple[tuple[str, ...], int, bool]:
    words: list[str] = []
    while True:
        space = _SPACE.match(template, at)
        at = space.end() if space else at
        word = _WORD.match(template, at)
        if word is None:
            raise Untranslatable(f"{template[at : at + 12]!r} is not understood" if template[at:] else "it is cut off")
        at = word.end()
        if word["close"]:
            return tuple(words), at, word["close"].startswith("-")
        # `(index .Messages 0).Content` is a field of what the parentheses give
        if word["field"] and template[word.start() - 1] == ")":
            words[-1] += word[0]
        else:
            words.append(word[0])


def _trimmed(text: str, *, left: bool, right: bool) -> str:
    text = text.lstrip(_BLANK) if left else text
    return text.rstrip(_BLANK) if right else text


def _escaped(found: re.Match[str]) -> str:
    code = found[1]
    if code[0] in "ux" and len(code) > 1:
        return chr(int(code[1:], 16))
    if code not in _ESCAPES:
        raise Untranslatable(f"the escape \\{code} is not known")
    return _ESCAPES[code]
