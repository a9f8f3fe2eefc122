"""What dead downloads left in the Hugging Face cache, and content that no snapshot names."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from serai.hub import shared
from serai.hub.cache import PARTIAL, Repo, repos
from serai.hub.fetch.lock import is_free

_QUIET_S = 3600.0
"""How long something must have lain untouched: another tool could be between two steps."""


@dataclass(frozen=True, slots=True)
class Orphan:
    path: Path
    size: int
    why: str


def find(root: Path, wanted: Collection[str] = (), now: float | None = None) -> list[Orphan]:
    """What nobody will come back for. `wanted` are repositories with downloads that may go on."""
    moment = time.time() if now is None else now
    found = [orphan for repo in repos(root) for orphan in _of(repo, repo.name in wanted, moment)]
    return [*found, *_shared(root, moment)]


def remove(found: Collection[Orphan]) -> int:
    """Deletes them; how many bytes that freed."""
    freed = 0
    for orphan in found:
        with contextlib.suppress(OSError):
            orphan.path.unlink()
            orphan.path.with_name(f"{orphan.path.name}.refs").unlink(missing_ok=True)  # beside shared content
            freed += orphan.size
    return freed


def _shared(root: Path, now: float) -> Iterator[Orphan]:
    with contextlib.suppress(OSError):
        for place in shared.unnamed(root):
            facts = place.lstat()
            if now - facts.st_mtime > _QUIET_S and is_free(place.with_name(f"{place.name}.lock")):
                yield Orphan(place, facts.st_size, "shared content that nothing names")


def _of(repo: Repo, is_wanted: bool, now: float) -> Iterator[Orphan]:
    linked = repo.linked()
    with contextlib.suppress(OSError):
        for entry in sorted(repo.blobs.iterdir()):
            why = _why(entry, linked)
            ours = PARTIAL in entry.name
            if not why or (is_wanted and (ours or not _is_partial(entry))):
                continue
            with contextlib.suppress(OSError):
                facts = entry.lstat()
                quiet = ours or now - facts.st_mtime > _QUIET_S
                if quiet and is_free(repo.lock(entry.name.partition(".")[0])):
                    yield Orphan(entry, facts.st_size, why)


def _why(entry: Path, linked: Collection[str]) -> str:
    if _is_partial(entry):
        return "part of a download that was given up"
    return "" if entry.name in linked else "content that no model names"


def _is_partial(entry: Path) -> bool:
    return entry.name.endswith((".incomplete", ".incomplete.map", ".serai-part"))
