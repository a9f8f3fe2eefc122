"""A Go template as a tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from serai.hub.adopt.gotext.lexing import Action, Untranslatable

_DEEPEST = 24
_MOST = 4000
_UNKNOWN = ("define", "template", "block")


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Show:
    """A value, or with names a variable that is set."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """`if`, `with` or `range`, by its `kind`."""

    kind: str
    words: tuple[str, ...]
    then: tuple[Node, ...]
    otherwise: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Jump:
    """`break` or `continue`."""

    kind: str


Node = Text | Show | Branch | Jump


def parse(pieces: Iterable[str | Action]) -> tuple[Node, ...]:
    """Raises Untranslatable."""
    nodes, end = _until(iter(pieces), 0)
    if end is not None:
        raise Untranslatable("an `end` or `else` too many")
    return nodes


def _until(pieces: Iterator[str | Action], depth: int) -> tuple[tuple[Node, ...], tuple[str, ...] | None]:
    """The nodes up to an `end` or `else`, and its words; None at the end of all."""
    if depth > _DEEPEST:
        raise Untranslatable("it is nested too deeply")
    nodes: list[Node] = []
    for piece in pieces:
        if len(nodes) > _MOST:
            raise Untranslatable("it is too long")
        if isinstance(piece, str):
            nodes += [Text(piece)] if piece else []
            continue
        kind = piece.words[0] if piece.words else ""
        if kind in {"end", "else"}:
            return tuple(nodes), piece.words
        if kind in _UNKNOWN:
            raise Untranslatable(f"`{kind}` is not translated")
        if kind in {"if", "with", "range"}:
            nodes.append(_branch(pieces, kind, piece.words[1:], depth))
        elif kind in {"break", "continue"}:
            nodes.append(Jump(kind))
        elif piece.words:
            nodes.append(Show(piece.words))
        else:
            raise Untranslatable("an action says nothing")
    return tuple(nodes), None


def _branch(pieces: Iterator[str | Action], kind: str, words: tuple[str, ...], depth: int) -> Branch:
    then, end = _until(pieces, depth + 1)
    if end is None:
        raise Untranslatable(f"`{kind}` has no end")
    if end == ("end",):
        return Branch(kind, words, then, ())
    if end[:2] == ("else", "if"):  # its end is also that of the first
        return Branch(kind, words, then, (_branch(pieces, "if", end[2:], depth + 1),))
    if end != ("else",):
        raise Untranslatable(f"`{' '.join(end[:2])}` is not translated")
    otherwise, end = _until(pieces, depth + 1)
    if end != ("end",):
        raise Untranslatable(f"`{kind}` has no end")
    return Branch(kind, words, then, otherwise)
