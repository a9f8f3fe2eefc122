"""What the owner has set down, prices and budgets, as this process knows it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from serai.errors import SeraiError
from serai.money.budget import Budget
from serai.money.price import Price, check
from serai.storage.database import Database
from serai.storage.tables import budgets, prices

FRESH_S = 1.0
"""After so long it is asked whether another process has changed something."""


@dataclass(frozen=True, slots=True)
class Set:
    """All that was set: prices by models' names or patterns, and budgets."""

    prices: Mapping[str, Price] = field(default_factory=dict)
    budgets: Sequence[Budget] = ()


class Rules:
    """What this process changes holds at once; what others on the same database change, within FRESH_S."""

    def __init__(self, db: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self.now = Set()
        self.number = 0
        """Grows with every change that was seen."""
        self._db = db
        self._clock = clock
        self._looked_at = float("-inf")
        self._version: int | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def stale(self) -> bool:
        """Whether it is time to look. Costs next to nothing."""
        return self._clock() - self._looked_at >= FRESH_S

    @property
    def known(self) -> bool:
        """Whether it was read at all."""
        return self._looked_at > float("-inf")

    async def fresh(self) -> Set:
        """What is set, at most FRESH_S old. Raises StorageFailed."""
        if self.stale:
            await self.read()
        return self.now

    def look(self) -> None:
        """Looks in the background, for those who do not wait; where it fails, what was known stays."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._quietly())

    async def read(self, *, changed: bool = False) -> None:
        """Reads it anew, unless nobody has written anything. `changed`: somebody has."""
        version = self._db.version()
        looked_at = self._clock()
        if changed or version is None or version != self._version:
            found = await self._db.read(every)
            if found != self.now:
                self.now = found
                self.number += 1
        self._version, self._looked_at = version, looked_at

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _quietly(self) -> None:
        with contextlib.suppress(SeraiError):
            await self.read()


def every(connection: Connection) -> Set:
    found = connection.execute(select(prices).order_by(prices.c.model))
    return Set({row.model: check(row.price) for row in found}, all_budgets(connection))


def all_budgets(connection: Connection) -> list[Budget]:
    """The oldest first."""
    query = select(budgets).order_by(budgets.c.created_at, budgets.c.id)
    own = ("id", "kind", "name", "period", "amount", "hard", "unknown", "told")
    return [Budget(**{name: row[name] for name in own}) for row in connection.execute(query).mappings()]
