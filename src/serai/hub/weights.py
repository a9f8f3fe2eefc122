"""The one weight store as a person sees it: what lies there, how large, where from, what may go."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from serai.errors import SeraiError
from serai.hub import orphans
from serai.hub.cache import repos
from serai.hub.names import is_digest
from serai.hub.quota import Held
from serai.hub.records import Records, Source
from serai.hub.remote import Hub
from serai.hub.store import Store
from serai.types import Model, ModelRef


class Weights:
    """`in_use` names the models that are loaded or loading, `unload` ends one; `quota` is in bytes, 0 is none."""

    def __init__(
        self,
        store: Store,
        records: Records,
        hub: Hub,
        cache: Path,
        *,
        quota: Callable[[], int] = lambda: 0,
        in_use: Callable[[], Collection[str]] = lambda: (),
        unload: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self._store = store
        self._records = records
        self._hub = hub
        self._cache = cache
        self.quota = quota
        self._in_use = in_use
        self._unload = unload

    async def overview(self) -> dict[str, Any]:
        """Where the weights lie, how much room they take and have, and every model with its source."""
        sources = await self._records.sources()
        models = [_row(model, sources.get(model.name)) for model in await self._store.models()]
        used, free, total = await asyncio.to_thread(self._sizes)
        known = {"cache": str(self._cache), "used": used, "free": free, "total": total, "quota": self.quota()}
        return {**known, "models": models}

    async def entry(self, name: str) -> dict[str, Any]:
        """One model with its source and files. Raises ModelNotFound."""
        model = await self._store.find(name)
        source = (await self._records.sources()).get(model.name)
        return {**_row(model, source), "files": [asdict(file) for file in await self._records.files(model.name)]}

    async def held(self, downloading: Collection[str]) -> list[Held]:
        """What Serai has downloaded, for the quota: only this may be deleted to make room."""
        sources = await self._records.sources()
        in_use = self._in_use()
        found = []
        for model in await self._store.models():
            source = sources.get(model.name)
            if source is not None and source.kind == "hub":
                stays = "pinned" if model.pinned else "loaded" if model.name in in_use else ""
                stays = stays or ("downloading" if source.repo in downloading else "")
                used_at = model.last_used_at or model.added_at or 0.0
                found.append(Held(model.name, model.size or 0, used_at, stays))
        return found

    async def remove(self, name: str) -> None:
        """Deletes a model that Serai downloaded, with its files."""
        if self._unload is not None:
            await self._unload(name)
        await self._store.forget(name, files=True)

    async def gc(self, wanted: Collection[str], *, dry_run: bool = False) -> dict[str, Any]:
        """Removes what dead downloads left; with `dry_run` only tells. `wanted` are repositories with downloads that
        may go on."""
        found = await asyncio.to_thread(orphans.find, self._cache, wanted)
        size = sum(orphan.size for orphan in found)
        freed = 0 if dry_run else await asyncio.to_thread(orphans.remove, found)
        listed = [{"path": str(orphan.path), "size": orphan.size, "why": orphan.why} for orphan in found]
        return {"found": listed, "size": size, "freed": freed}

    async def updates(self) -> list[dict[str, Any]]:
        """Asks the hub which models it has newer; those of a fixed commit are never. A model that cannot be asked
        about is told with the reason."""
        rows = []
        async with self._hub.held():
            for source in (await self._records.sources()).values():
                if source.repo and source.commit and not source.hidden and not is_digest(source.revision):
                    rows.append(await self._asked(source))
        return rows

    async def _asked(self, source: Source) -> dict[str, Any]:
        row = {"model": source.model, "commit": source.commit, "newest": None, "update": False, "error": None}
        try:
            there = await self._hub.repository(ModelRef(source.repo or "", None, source.revision))
        except SeraiError as error:
            return row | {"error": error.as_dict()}
        etags = {file.path: file.etag for file in there.files}
        its_files = await self._records.files(source.model)
        changed = any(etags.get(file.name) != file.etag for file in its_files)
        newest = there.commit if changed else source.commit or ""  # a commit that touches none of its files is none
        await self._records.asked(source.model, newest)
        return row | {"newest": newest, "update": changed}

    def _sizes(self) -> tuple[int, int, int]:
        sizes = {
            key: size for repo in repos(self._cache) for entry in _entries(repo.blobs) for key, size in _size(entry)
        }
        used = sum(sizes.values())
        there = next(place for place in (self._cache, *self._cache.parents) if place.exists())
        disk = shutil.disk_usage(there)
        return used, disk.free, disk.total


def _row(model: Model, source: Source | None) -> dict[str, Any]:
    kind = "embedded" if model.source == "embedded" else source.kind if source else "file"
    facts = {"name": model.name, "format": model.format, "size": model.size, "path": model.path, "kind": kind}
    used = {"pinned": model.pinned, "last_used_at": model.last_used_at, "added_at": model.added_at}
    known = {name: getattr(source, name, None) for name in ("repo", "revision", "commit", "newest", "checked_at")}
    return {**facts, **used, **known, "update": bool(source and source.outdated)}


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _size(path: Path) -> Iterator[tuple[tuple[int, int], int]]:
    """By the file itself: what repositories share is one."""
    with contextlib.suppress(OSError):
        facts = path.stat()
        yield (facts.st_dev, facts.st_ino), facts.st_size
