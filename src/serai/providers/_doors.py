"""Services as they are open to those who keep keys of their own: a Backend for each, so that nothing of it (its keys,
its list, whether it was refused) is anybody else's."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from serai.backend import Backend
from serai.errors import StorageFailed
from serai.providers._closed import Closed
from serai.providers._kept import Kept
from serai.providers.rows import Row

MOST_OPEN = 256
"""Beyond that, whoever asked longest ago has theirs opened anew when they ask again."""

_Key = tuple[str, str]


@dataclass(slots=True)
class _Door:
    """`backend` is None where what is kept is for another address."""

    row: Row
    stamp: float
    backend: Backend | None


class Doors:
    """`begin` opens a service with the keys of a principal, `leave` closes one once its answers are whole."""

    def __init__(
        self, kept: Kept, begin: Callable[[Row, Sequence[str], str], Backend], leave: Callable[[Backend], None]
    ) -> None:
        self._kept = kept
        self._begin = begin
        self._leave = leave
        self._rows: Mapping[str, Row] = {}
        self._stamps: Mapping[_Key, float] = {}
        self._people: frozenset[str] = frozenset()
        self._open: OrderedDict[_Key, _Door] = OrderedDict()
        self._opening = asyncio.Lock()

    def learn(self, rows: Mapping[str, Row], stamps: Mapping[_Key, float]) -> None:
        """What is so now: the services, and whose keys for them were written when. What is open otherwise is left."""
        taking = {name for name, row in rows.items() if row.whose_keys != "common"}
        self._rows, self._stamps = rows, {key: at for key, at in stamps.items() if key[0] in taking}
        self._people = frozenset(who for _, who in self._stamps)
        for key, door in list(self._open.items()):
            if self._now(key) != (door.row, door.stamp):
                self._drop(key)

    def for_some(self, who: str) -> bool:
        """Whether a principal has keys of their own for any service."""
        return who in self._people

    async def of(self, service: str, who: str) -> Backend | None:
        """A service as it is open to a principal; None where they keep no keys of their own for it."""
        key = (service, who)
        if key not in self._stamps:
            return None
        door = self._open.get(key)
        if door is None:
            async with self._opening:
                door = self._open.get(key) or await self._opened(key)
        if door is not None and key in self._open:
            self._open.move_to_end(key)
        return None if door is None else door.backend

    def at(self, service: str) -> list[Backend]:
        """All that are open to a service."""
        return [door.backend for key, door in self._open.items() if key[0] == service and door.backend is not None]

    async def close(self) -> None:
        doors, self._open = self._open, OrderedDict()
        for door in doors.values():
            if door.backend is not None:
                await door.backend.close()

    def _now(self, key: _Key) -> tuple[Row | None, float | None]:
        return self._rows.get(key[0]), self._stamps.get(key)

    async def _opened(self, key: _Key) -> _Door | None:
        """Read again where something was written meanwhile."""
        while True:
            row, stamp = self._now(key)
            if row is None or stamp is None:
                return None
            try:
                keys = await self._kept.get(row, key[1])
            except StorageFailed as error:  # what cannot be read is no reason to show the common keys
                return _Door(row, stamp, Closed(row, partial(_same, error)))
            if self._now(key) == (row, stamp):
                break
        door = _Door(row, stamp, None if keys is None else self._begin(row, keys, key[1]))
        self._open[key] = door
        while len(self._open) > MOST_OPEN:
            self._drop(next(iter(self._open)))
        return door

    def _drop(self, key: _Key) -> None:
        backend = self._open.pop(key).backend
        if backend is not None:
            self._leave(backend)


def _same(error: StorageFailed) -> StorageFailed:
    """One for each who hears it: what is tried after it is written into it."""
    return StorageFailed(error.message, cause=error.cause, hint=error.hint)
