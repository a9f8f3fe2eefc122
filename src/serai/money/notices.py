"""What callers are told of the budgets that their calls are spent from: which is passed, and which soon will be."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlalchemy import Connection

from serai.errors import SeraiError
from serai.money import budget as rules_of
from serai.money import charges, periods
from serai.money.amounts import dollars
from serai.money.budget import Budget
from serai.money.rules import FRESH_S
from serai.storage.database import Database
from serai.types import BudgetNote, Call

NEAR = 0.9
"""A budget is nearly spent from this share of it on."""

Key = tuple[str, str]
"""A subject, and the day or month."""


class Notices:
    """Sums as this process knows them: what its own calls cost is added at once, what others' do is read again every
    FRESH_S while calls ask. Nothing is read, or remembered, where no budget is of the asker's business."""

    def __init__(self, db: Database, clock: Callable[[], float]) -> None:
        self._db = db
        self._clock = clock
        self._sums: dict[Key, int] = {}
        self._used: set[Key] = set()
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    async def about(self, call: Call, budgets: Sequence[Budget], now: float) -> Notice | None:
        """Tells the call how its budgets stand. Waits for the database only for one that was not looked at before in
        its period; where that cannot be read, nothing is told."""
        known = [one for one in budgets if rules_of.may_know(one, call.principal)]
        if not known:
            return None
        keys = {one.id: (one.subject, periods.key(one.period, now)) for one in known}
        self._used.update(keys.values())
        if not self._sums.keys() >= self._used:
            with contextlib.suppress(SeraiError):
                await self._read()
        elif self._clock() - self._read_at >= FRESH_S and (self._reading is None or self._reading.done()):
            self._reading = asyncio.create_task(self._quietly())
        notice = Notice(self._sums, call, known, keys, now)
        notice.tell()
        return notice

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> None:
        """Reads the sums that were asked for since the last time, and forgets all others."""
        wanted, self._used = self._used, set()
        self._read_at = self._clock()
        found = await self._db.read(lambda connection: _sums(connection, wanted))
        self._sums.clear()
        self._sums.update(found)

    async def _quietly(self) -> None:
        with contextlib.suppress(SeraiError):
            await self._read()


class Notice:
    """What one attempt's call is told: before it is asked, and again with what it cost."""

    __slots__ = ("_budgets", "_call", "_keys", "_now", "_sums")

    def __init__(
        self, sums: dict[Key, int], call: Call, budgets: Sequence[Budget], keys: Mapping[str, Key], now: float
    ) -> None:
        self._sums = sums
        self._call = call
        self._budgets = budgets
        self._keys = keys
        self._now = now

    def spent(self, cost: int) -> None:
        """Adds what the attempt cost."""
        for key in {*self._keys.values()} & self._sums.keys():
            self._sums[key] += cost
        self.tell()

    def tell(self) -> None:
        """What was told of other budgets of the call, as by an attempt before, stays."""
        course = self._call.course
        others = [note for note in course.budgets if note.id not in self._keys]
        course.budgets = (*others, *(note for one in self._budgets if (note := self._note(one)) is not None))

    def _note(self, one: Budget) -> BudgetNote | None:
        total = self._sums.get(self._keys[one.id])
        if total is None or total < one.amount * NEAR or not total:
            return None
        return BudgetNote(
            id=one.id,
            state="passed" if total >= one.amount else "near",
            kind=one.kind,
            name=one.name,
            period=one.period,
            hard=one.hard,
            limit=dollars(one.amount),
            spent=dollars(total),
            resets_at=periods.ends_at(one.period, self._now),
        )


def _sums(connection: Connection, keys: Iterable[Key]) -> dict[Key, int]:
    return {key: charges.peek(connection, *key) for key in keys}
