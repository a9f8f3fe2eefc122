"""Which pictures a card names, where one lies, and what kind of picture some bytes are. Pure; cards are foreign."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection
from functools import lru_cache
from html import unescape
from urllib.parse import unquote

LONGEST = 200_000
"""The page shows no more of a card."""

_MARKDOWN = re.compile(r"!\[[^\]]{0,300}\]\(\s{0,9}(?:<([^<>\n]{1,2000})>|([^\s<>]{1,2000}))")
_REFERENCE = re.compile(r"^ {0,3}\[[^\]\n]{1,300}\]:[ \t]{0,9}<?([^\s<>]{1,2000})", re.MULTILINE)
_HTML = re.compile(
    r"<img\b[^<>]{0,2000}?\ssrc\s{0,9}=\s{0,9}(?:\"([^\"]{1,2000})\"|'([^']{1,2000})'|([^\s<>]{1,2000}))", re.I
)
_OWN = re.compile(r"(?:resolve|raw|blob)/[^/]+/(.+)")


@lru_cache(maxsize=16)
def named(card: str) -> frozenset[str]:
    """The addresses of a card's pictures, as `plain` writes them."""
    text = card[:LONGEST]
    found = [match for pattern in (_MARKDOWN, _REFERENCE, _HTML) for match in pattern.finditer(text)]
    names = {plain(name) for match in found for name in match.groups() if name}
    # Within Markdown's brackets a ")" ends the address, unless one was opened in it.
    return frozenset(names | {name[: _end(name)] for name in names if ")" in name})


def plain(address: str) -> str:
    """An address in one spelling, however a card, a browser or a Markdown library has escaped it."""
    return unquote(unescape(address)).strip()


def _end(name: str) -> int:
    depth = 0
    for place, letter in enumerate(name):
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            return place
    return len(name)


def path_of(address: str, home: str, paths: Collection[str]) -> str | None:
    """The file of the repository that an address means; None where it means none. `home` is the repository's own
    address on its hub."""
    bare = address.partition("#")[0].partition("?")[0]
    if bare.startswith(f"{home}/"):
        own = _OWN.fullmatch(bare.removeprefix(f"{home}/"))
        path = own[1] if own else ""
    elif ":" in bare.partition("/")[0] or bare.startswith("//"):
        return None
    else:
        path = posixpath.normpath(bare.lstrip("/"))
    return path if path in paths else None


def kind_of(content: bytes) -> str | None:
    """PNG, JPEG, GIF or WebP by what it begins with; None is anything else, also what could hold a script."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return None
