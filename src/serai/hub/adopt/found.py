"""What a finder tells of a model."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serai.hub.records import Kind

_LARGEST = 4 << 20
_COARSE_S = 2.0
"""Some disks note moments no finer than this."""

_ODD = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`path` is the first file or the folder, `etags` the digests that are known, by path. `settings` and `loading` are
    what its program kept for it; `note` tells people what of that could not be taken over."""

    kind: Kind
    name: str
    path: Path
    files: tuple[Path, ...] = ()
    etags: Mapping[Path, str] = field(default_factory=dict)
    projector: Path | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    loading: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    repo: str | None = None
    revision: str | None = None
    commit: str | None = None


def plain(text: str) -> str:
    """A part of a model's name, without what the grammar does not allow."""
    return _ODD.sub("-", text).strip("-._")[:96] or "model"


class Seen:
    """What was looked at before, by its path, with the moment of its last change; `now` is what is to be remembered."""

    def __init__(self, before: Mapping[str, float]) -> None:
        self._before = before
        self.now: dict[str, float] = {}

    def as_before(self, place: Path, *parts: Path) -> bool:
        """Whether neither it nor its parts have changed. What changed only just now is looked at once more."""
        at = max(_changed_at(path) for path in (place, *parts))
        if time.time() - at > _COARSE_S:
            self.now[str(place)] = at
        return self._before.get(str(place)) == at


def _changed_at(path: Path) -> float:
    """When a file, or what a folder holds, was changed on this disk: also where it was copied here with an older time
    of its own. 0 where there is none."""
    try:
        facts = path.stat()
    except OSError:
        return 0.0
    return max(facts.st_mtime, facts.st_ctime)


def read_json(path: Path) -> Any:
    """A small JSON file; None where it is none."""
    try:
        return None if path.stat().st_size > _LARGEST else json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
