"""The cache of results: looks whether a call was answered before, and keeps what it is answered."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from serai.routing.cache import answers, keys, wanted
from serai.routing.cache.flights import Flight
from serai.routing.cache.front import Front
from serai.routing.cache.keys import Find
from serai.routing.cache.shelf import Kept, Shelf
from serai.settings import Cache as CacheSettings
from serai.types import Call, Delta, Model, Result

_MB = 1_000_000
_IN_MEMORY = 8 * _MB
_PART = 8
"""One answer takes this part of the room at most."""

Source = Callable[[], AsyncGenerator[Delta, None]]


class _Place(NamedTuple):
    """Where a call's answer belongs. What is personal stays in memory."""

    key: bytes
    owner: str
    personal: bool


@dataclass(slots=True)
class Counts:
    """Since the server's start. `joined` are hits that waited for the same call to be answered."""

    hits: int = 0
    misses: int = 0
    joined: int = 0
    since: float = field(default_factory=time.time)


class Cache:
    """In memory, and in the file `path`, which outlives the process. Nothing it cannot do makes a call fail: then the
    call is answered as if there were no cache."""

    def __init__(self, path: Path, settings: Callable[[], CacheSettings], find: Find) -> None:
        self._settings = settings
        self._find = find
        self._shelf = Shelf(path)
        self._front = Front()
        self._flights: dict[tuple[str, bytes], Flight] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="cache")
        self.counts = Counts()

    def wants(self, call: Call, model: Model) -> bool:
        """Whether such a call may be answered from here, or its answer kept. Cheap."""
        settings = self._settings()
        return settings.size_mb > 0 and wanted.applies(call, model, settings.enabled)

    async def lookup(self, call: Call, model: Model) -> Result | None:
        """The answer, if it is known and will do for this call; its usage says `from_cache`, and it costs nothing."""
        place = await self._place(call, model)
        kept = await self._kept(place) if place is not None else None
        return None if kept is None else _revived(kept)

    async def cached(
        self, call: Call, model: Model, source: Source, *, apart: bool = False
    ) -> AsyncGenerator[Delta, None]:
        """The call's answer: what is known, or that of `source`, which is kept once it is whole. `source` is called
        only where it is needed, and its errors are the caller's. `apart`: it is this principal's alone, also where
        answers are shared."""
        place = await self._place(call, model, apart=apart)
        found = await self._known(place) if place is not None else None
        if found is not None:
            course, answerer = call.course, found.answerer
            course.model, course.backend, course.place = model.name, answerer.backend, answerer.place
            for delta in answers.deltas(found):
                yield delta
            return
        async with contextlib.aclosing(source() if place is None else self._kept_of(source(), call, model, place)) as s:
            async for delta in s:
                yield delta

    async def status(self) -> dict[str, Any]:
        """What it holds and how it has served."""
        settings, counts = self._settings(), self.counts
        entries, size = await self._on_disk(self._shelf.facts)
        return {
            "enabled": settings.enabled,
            "limit": int(settings.size_mb * _MB),
            "bytes": size,
            "entries": entries,
            "memory_bytes": self._front.size,
            "memory_entries": len(self._front),
            "hits": counts.hits,
            "misses": counts.misses,
            "joined": counts.joined,
            "since": counts.since,
        }

    def counted(self) -> dict[str, float]:
        """How often it could answer and how often it could not, since the start."""
        return {"hit": self.counts.hits, "miss": self.counts.misses}

    async def clear(self) -> None:
        """Forgets all answers."""
        self._front.clear()
        await self._on_disk(self._shelf.clear)

    async def close(self) -> None:
        """Returns when all is on the disk that is to be kept. May be called twice."""
        with contextlib.suppress(RuntimeError):  # closed before
            await self._on_disk(self._shelf.close)
        self._thread.shutdown(wait=False)

    async def _place(self, call: Call, model: Model, *, apart: bool = False) -> _Place | None:
        if not self.wants(call, model):
            return None
        personal = wanted.personal(call)
        owner = "" if self._settings().shared and not (personal or apart) else call.principal.id
        key = await keys.digest(call, model, self._find, owner=owner)
        return None if key is None else _Place(key, call.principal.id, personal)

    async def _known(self, place: _Place) -> Result | None:
        """What was kept, or what another call is being answered now."""
        kept = await self._kept(place)
        if kept is None and (flight := self._flights.get((place.owner, place.key))) is not None:
            kept = await flight.wait()
            self.counts.joined += kept is not None
        result = None if kept is None else _revived(kept)
        self.counts.hits += result is not None
        self.counts.misses += result is None
        return result

    async def _kept(self, place: _Place) -> Kept | None:
        since = self._since()
        kept = self._front.find(place.key, since)
        if kept is None and not place.personal and (place.owner, place.key) not in self._flights:
            kept = await self._on_disk(self._shelf.find, place.key, since)
            if kept is None:  # another may have been answered meanwhile
                return self._front.find(place.key, since)
            self._front.put(place.key, kept, self._room(_IN_MEMORY))
        return kept

    async def _kept_of(
        self, source: AsyncGenerator[Delta, None], call: Call, model: Model, place: _Place
    ) -> AsyncGenerator[Delta, None]:
        """The source's Deltas as they come; whole, they are kept. The first of several such calls is waited for."""
        flight, kept = Flight(), None
        first = self._flights.setdefault((place.owner, place.key), flight) is flight
        seen: list[Delta] = []
        try:
            async with contextlib.aclosing(source):
                async for delta in source:
                    seen.append(answers.noted(delta))
                    if delta.finish is not None and _may_stay(seen, call, model):
                        kept = await self._keep(place, seen)
                        flight.land(kept)  # before whoever asked has read the end
                    flight.handed_at = time.monotonic()
                    yield delta
                    flight.handed_at = None
        finally:
            if first:
                del self._flights[place.owner, place.key]
            flight.land(kept)

    async def _keep(self, place: _Place, deltas: list[Delta]) -> Kept | None:
        packed = await answers.packed(deltas)
        most = self._room()
        if packed is None:
            return None
        kept = Kept(packed, time.time())
        if len(packed) <= most // _PART:
            self._front.put(place.key, kept, self._room(_IN_MEMORY))
            if not place.personal:
                with contextlib.suppress(RuntimeError):  # it is being closed
                    self._thread.submit(self._shelf.put, place.key, kept, most, self._since())
        return kept

    def _room(self, most: int | None = None) -> int:
        room = int(self._settings().size_mb * _MB)
        return room if most is None else min(room, most)

    def _since(self) -> float:
        hours = self._settings().hours
        return time.time() - hours * 3600 if hours else 0.0

    async def _on_disk(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)


def _revived(kept: Kept) -> Result | None:
    with contextlib.suppress(ValueError, KeyError, TypeError):  # another version's
        return answers.unpacked(kept.answer)
    return None


def _may_stay(seen: list[Delta], call: Call, model: Model) -> bool:
    """Whether it is all of this very model's answer."""
    first, last = seen[0], seen[-1]
    answerer = first.answerer
    own = answerer is not None and answerer.place == model.place and not first.tried
    return own and wanted.whole(call, model, last)
