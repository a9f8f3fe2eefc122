"""The data sets in the Hugging Face cache: how large they are, when they were used last, and which may go."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from serai.errors import Conflict, NotFound
from serai.hub.cache import Repo, repos
from serai.hub.fetch.lock import is_free
from serai.storage.memory import Memory

KIND = "datasets"
PREFIX = f"{KIND}/"
"""How a data set's name begins where models are named, too."""

_PINNED = "data_sets.pinned"
_QUIET_S = 3600.0
"""How long a part of a file must have lain untouched: whoever fetches it may hold no lock."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """`stays` says why it may not go: `pinned`, or `arriving` while somebody fetches it."""

    name: str
    size: int
    used_at: float
    stays: str = ""


class DataSets:
    """`arriving` names those that this Serai's mirror is fetching, `used` when a program asked the mirror for one."""

    def __init__(
        self,
        cache: Path,
        memory: Memory,
        arriving: Callable[[], Collection[str]] = lambda: (),
        used: Callable[[str], float] = lambda _name: 0.0,
    ) -> None:
        self._cache = cache
        self._memory = memory
        self._arriving = arriving
        self._used = used

    async def all(self) -> list[DataSet]:
        """The largest first."""
        pinned, arriving = await self.pinned(), self._arriving()
        return await asyncio.to_thread(lambda: sorted(self._find(pinned, arriving), key=lambda one: -one.size))

    async def pinned(self) -> set[str]:
        return set(await self._memory.get(_PINNED, []))

    async def pin(self, name: str, pinned: bool) -> None:
        """A pinned one is never deleted to make room. Raises NotFound."""
        await self._of(name)
        names = await self.pinned()
        await self._memory.set(_PINNED, sorted(names | {name} if pinned else names - {name}))

    async def remove(self, name: str) -> int:
        """Deletes one, pinned or not; how many bytes that freed. Raises NotFound, Conflict while it is fetched, and
        OSError."""
        found = await self._of(name)
        if found.stays == "arriving":
            raise Conflict(f"{name} is being fetched.", hint="Wait until it has arrived, or end what fetches it.")
        await asyncio.to_thread(shutil.rmtree, Repo(self._cache, name, KIND).folder)
        names = await self.pinned()
        if name in names:
            await self._memory.set(_PINNED, sorted(names - {name}))
        return found.size

    async def gc(self, unused_s: float, *, dry_run: bool = False) -> tuple[list[DataSet], int]:
        """Deletes those that nobody has used for so long, and none that stays; which they are, and how many bytes that
        freed."""
        before = time.time() - unused_s
        going = [one for one in await self.all() if not one.stays and one.used_at <= before]
        freed = 0
        for one in () if dry_run else going:
            with contextlib.suppress(OSError, NotFound, Conflict):  # it is used after all, or another took it away
                freed += await self.remove(one.name)
        return going, freed

    async def _of(self, name: str) -> DataSet:
        found = next((one for one in await self.all() if one.name == name), None)
        if found is None:
            raise NotFound(f"There is no data set {name} in the cache.", hint="`serai du` names those that are there.")
        return found

    def _find(self, pinned: Collection[str], arriving: Collection[str]) -> Iterator[DataSet]:
        for repo in repos(self._cache, KIND):
            if repo.folder.is_symlink():
                continue
            size, used_at = _facts(repo)
            comes = repo.name in arriving or _is_fetched(repo)
            stays = "arriving" if comes else "pinned" if repo.name in pinned else ""
            yield DataSet(repo.name, size, max(used_at, self._used(repo.name)), stays)


def _facts(repo: Repo) -> tuple[int, float]:
    """Bytes, and when one of them was read or written last, as far as the disk notes it."""
    size, used_at = 0, 0.0
    with contextlib.suppress(OSError):
        for blob in repo.blobs.iterdir():
            facts = blob.stat()
            size += facts.st_size
            used_at = max(used_at, facts.st_atime, facts.st_mtime)
    return size, used_at


def _is_fetched(repo: Repo) -> bool:
    with contextlib.suppress(OSError):
        for blob in repo.blobs.iterdir():
            if blob.name.endswith(".incomplete") and time.time() - blob.stat().st_mtime < _QUIET_S:
                return True
            if not is_free(repo.lock(blob.name.partition(".")[0])):
                return True
    return False
