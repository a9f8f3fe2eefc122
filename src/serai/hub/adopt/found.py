"""What a finder tells of a model."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serai.hub.records import Kind

_LARGEST = 4 << 20
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


def read_json(path: Path) -> Any:
    """A small JSON file; None where it is none."""
    try:
        return None if path.stat().st_size > _LARGEST else json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
