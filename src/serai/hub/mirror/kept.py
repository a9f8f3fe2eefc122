"""What the mirror itself has fetched: listed beside what it knows of a repository, and deleted to make room."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from serai.hub import removal
from serai.hub.cache import Repo
from serai.hub.data_sets import KIND
from serai.hub.mirror.asked import Place
from serai.hub.quota import Held
from serai.hub.records import Records

_LIST = "fetched.jsonl"
_PREFIX = "mirror:"


@dataclass(frozen=True, slots=True)
class _File:
    commit: str
    path: str
    etag: str
    size: int


class Kept:
    """A list for each repository, a line for each file; its time of change is when something was asked for last."""

    def __init__(self, folder: Path, cache: Path, records: Records) -> None:
        self._folder = folder
        self._cache = cache
        self._records = records

    def add(self, place: Place, commit: str, path: str, etag: str, size: int) -> None:
        """Raises OSError."""
        where = self._list(place)
        where.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with where.open("a", encoding="utf-8") as out:
            out.write(json.dumps({"commit": commit, "path": path, "etag": etag, "size": size}) + "\n")

    def touch(self, place: Place) -> None:
        with contextlib.suppress(OSError):
            os.utime(self._list(place))

    def owns(self, name: str) -> bool:
        return name.startswith(_PREFIX)

    def asked_for(self, data_set: str) -> float:
        """When somebody asked the mirror for a data set last; 0 where nobody did."""
        with contextlib.suppress(OSError):
            return self._list(Place(KIND, data_set)).stat().st_mtime
        return 0.0

    async def held(self, active: Collection[Place] = (), pinned: Collection[str] = ()) -> list[Held]:
        """What it takes, for the quota. What has become a model of this machine, or is arriving, stays, and of the
        data sets those that are `pinned`."""
        models = {Path(file.path) for file in await self._records.files()}
        held = await asyncio.to_thread(self._held, active, models)
        kept = {f"{_PREFIX}{KIND}/{name}" for name in pinned}
        return [replace(one, stays=one.stays or "pinned") if one.name in kept else one for one in held]

    async def remove(self, name: str) -> None:
        """Deletes what the mirror has fetched of a repository, and nothing that anything else put there."""
        models = {Path(file.path) for file in await self._records.files()}
        kind, _, of = name.removeprefix(_PREFIX).partition("/")
        await asyncio.to_thread(self._remove, Place(kind, of), models)

    def _held(self, active: Collection[Place], models: Collection[Path]) -> list[Held]:
        found = []
        for where in sorted(self._folder.glob(f"*/{_LIST}")):
            kind, _, name = where.parent.name.partition("--")
            place = Place(kind, name.replace("--", "/", 1))
            repo, its_files = Repo(self._cache, place.name, kind), _read(where)
            size = sum(file.size for file in its_files.values() if repo.blob(file.etag).is_file())
            is_model = any(repo.snapshot(file.commit) / file.path in models for file in its_files.values())
            stays = "arriving" if place in active else "a model here" if is_model else ""
            found.append(Held(f"{_PREFIX}{kind}/{place.name}", size, where.stat().st_mtime, stays))
        return found

    def _remove(self, place: Place, models: Collection[Path]) -> None:
        repo, where = Repo(self._cache, place.name, place.kind), self._list(place)
        removal.remove([repo.snapshot(file.commit) / file.path for file in _read(where).values()], models)
        where.unlink(missing_ok=True)

    def _list(self, place: Place) -> Path:
        return self._folder / f"{place.kind}--{place.name.replace('/', '--')}" / _LIST


def _read(where: Path) -> dict[str, _File]:
    """By content; a line that a power cut left half is none."""
    found = {}
    with contextlib.suppress(OSError):
        for line in where.read_text("utf-8").splitlines():
            with contextlib.suppress(ValueError, TypeError):
                file = _File(**json.loads(line))
                found[file.etag] = file
    return found
