"""What a client of the hub asks for, read from its address. Pure: what is no plain name ends here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote

from serai.errors import NotFound
from serai.hub.cache import KINDS
from serai.hub.names import safe

Verb = Literal["info", "tree", "paths-info", "refs", "resolve"]

_VERBS = ("revision", "tree", "paths-info", "refs")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class Place:
    """A repository of models or of data sets; those of models may have a name without an organisation."""

    kind: str
    name: str

    @property
    def address(self) -> str:
        """As it stands before `/resolve` in an address of the hub."""
        return self.name if self.kind == "models" else f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Asked:
    verb: Verb
    place: Place
    revision: str = "main"
    path: str = ""


def parse(raw: str) -> Asked:
    """An address below `/hub/`, still quoted. Raises NotFound for what a mirror does not serve."""
    parts = raw.split("/")
    found = _api(parts[1:]) if parts[0] == "api" else _resolve(parts)
    if found is None or not _plain(found):
        hint = "It serves models and data sets: /api/{models|datasets}/{id}, and /{id}/resolve/{revision}/{file}."
        raise NotFound("The mirror has nothing at this address.", hint=hint, missing="entry")
    return found


def span(header: str | None, size: int) -> tuple[int, int] | None:
    """The bytes that a `Range` means; None where there is none that is understood, which then is the whole file. What
    begins behind the end is empty."""
    match = _RANGE.fullmatch(header or "")
    if match is None or match[0] == "bytes=-":
        return None
    if not match[1]:
        return max(0, size - int(match[2])), size
    begin, end = int(match[1]), min(int(match[2]) + 1, size) if match[2] else size
    return (begin, end) if begin < size else (size, size)


def quoted(revision: str) -> str:
    return quote(revision, safe="")


def _api(parts: list[str]) -> Asked | None:
    if len(parts) < 2 or parts[0] not in KINDS:
        return None
    kind, rest = parts[0], parts[1:]
    alone = len(rest) == 1 or (rest[1] in _VERBS and not (len(rest) > 2 and rest[2] in _VERBS))
    count = 1 if alone else 2
    place = Place(kind, "/".join(map(unquote, rest[:count])))
    verb, more = rest[count : count + 1], [unquote(part) for part in rest[count + 1 :]]
    path = "/".join(more[1:])
    match verb:
        case []:
            return Asked("info", place)
        case ["refs"] if not more:
            return Asked("refs", place)
        case ["revision"] if len(more) == 1:
            return Asked("info", place, more[0])
        case ["paths-info"] if len(more) == 1:
            return Asked("paths-info", place, more[0])
        case ["tree"] if more:
            return Asked("tree", place, more[0], path)
    return None


def _resolve(parts: list[str]) -> Asked | None:
    kind = parts[0] if parts[0] in KINDS and "resolve" in parts[2:4] else "models"
    rest = parts if kind == "models" else parts[1:]
    at = next((place for place in (1, 2) if rest[place : place + 1] == ["resolve"]), 0)
    if not at or len(rest) < at + 3:
        return None
    name, more = "/".join(map(unquote, rest[:at])), [unquote(part) for part in rest[at + 1 :]]
    return Asked("resolve", Place(kind, name), more[0], "/".join(more[1:]))


def _plain(asked: Asked) -> bool:
    """Two repositories must not be one folder of the cache, where `/` is `--`."""
    parts = asked.place.name.split("/")
    names = all(_NAME.fullmatch(part) and "--" not in part and ".." not in part for part in parts)
    return names and safe(asked.revision) and (not asked.path or safe(asked.path))
