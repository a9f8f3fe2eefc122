"""Statistics of calls: counted in memory, added to the database every few seconds, read from there."""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import orjson
from sqlalchemy import Connection, select

from serai.errors import SeraiError
from serai.monitor.levels import DAY, KEPT, LEVELS, MINUTE
from serai.monitor.past import LABELS, Past
from serai.monitor.tally import Tally
from serai.storage.database import Database
from serai.storage.tables import statistics

SERIES = 1_000
"""Combinations of labels that one process tells apart in a day; more are counted as `other`."""

_OTHER = ("other",) * len(LABELS)
_TOGETHER = 200
"""Rows that are looked up with one question."""

T = TypeVar("T")
Labels = tuple[str, ...]
Cell = tuple[int, int, Labels]
"""A level, when it began, and whose."""


@dataclass(frozen=True, slots=True)
class Row:
    """What calls with these labels came to, in the time that began at `at`."""

    at: int
    labels: Mapping[str, str]
    tally: Tally


@dataclass(slots=True)
class _Known:
    """The combinations of labels of one day."""

    day: int = 0
    labels: set[Labels] = field(default_factory=set)


class Statistics:
    """Several processes may hold one on the same database; what they count adds up."""

    def __init__(self, db: Database, days: Callable[[], int]) -> None:
        """`days` is how long days are kept."""
        self._db = db
        self._days = days
        self._pending: dict[tuple[int, Labels], Tally] = {}
        self._known = _Known()

    def add(self, past: Past) -> None:
        """Counts one call, in memory."""
        at = int(past.at) // MINUTE * MINUTE
        labels = self._bounded(past.labels, at // DAY)
        tally = self._pending.get((at, labels))
        if tally is None:
            tally = self._pending[at, labels] = Tally()
        tally.add(past)

    async def write(self) -> None:
        """Adds what was counted to the database. Raises SeraiError where that fails; it is kept for the next time."""
        if not self._pending:
            return
        taken, self._pending = self._pending, {}
        cells = _spread(taken)
        try:
            await self._db.write(lambda connection: _add(connection, cells))
        except SeraiError:
            for key, tally in self._pending.items():
                taken.setdefault(key, Tally()).merge(tally)
            self._pending = taken
            raise

    async def read(self, level: int, start: float, end: float) -> list[Row]:
        """Everything of that level that began within this time, the oldest first."""
        return await self.over(level, start, end, list)

    async def over(self, level: int, start: float, end: float, work: Callable[[Iterable[Row]], T]) -> T:
        """What a work makes of the same; it runs beside the loop, because there may be much to add up."""
        query = select(statistics).where(statistics.c.step == level, statistics.c.at >= start, statistics.c.at < end)
        query = query.order_by(statistics.c.at)
        return await self._db.read(
            lambda connection: work(
                Row(row.at, row.labels, Tally.read(row.numbers)) for row in connection.execute(query)
            )
        )

    async def tidy(self) -> None:
        """Deletes what is older than its level is kept."""
        now = time.time()
        kept = {**KEPT, DAY: self._days() * DAY}

        def work(connection: Connection) -> None:
            for level in LEVELS:
                old = (statistics.c.step == level) & (statistics.c.at < now - kept[level] - level)
                connection.execute(statistics.delete().where(old))

        await self._db.write(work)

    def _bounded(self, labels: Labels, day: int) -> Labels:
        """Names come from outside; their number must not make the database grow."""
        if day > self._known.day:
            self._known = _Known(day)
        known = self._known.labels
        if labels not in known:
            if len(known) >= SERIES:
                return _OTHER
            known.add(labels)
        return labels


def _spread(counted: Mapping[tuple[int, Labels], Tally]) -> dict[Cell, Tally]:
    """The same calls at every level."""
    cells: dict[Cell, Tally] = defaultdict(Tally)
    for (at, labels), tally in counted.items():
        for level in LEVELS:
            cells[level, at // level * level, labels].merge(tally)
    return cells


def _add(connection: Connection, cells: Mapping[Cell, Tally]) -> None:
    """Within one transaction, so that nobody's counts are lost and a crash keeps all or nothing."""
    groups: dict[tuple[int, int], dict[str, tuple[Labels, Tally]]] = defaultdict(dict)
    for (level, at, labels), tally in cells.items():
        groups[level, at][_series(labels)] = (labels, tally)
    for (level, at), group in groups.items():
        there = (statistics.c.step == level) & (statistics.c.at == at)
        known: set[str] = set()
        for some in _portions(group):
            query = select(statistics.c.series, statistics.c.numbers).where(there, statistics.c.series.in_(some))
            for row in connection.execute(query).all():
                known.add(row.series)
                whole = Tally.read(row.numbers)
                whole.merge(group[row.series][1])
                changed = statistics.update().where(there, statistics.c.series == row.series)
                connection.execute(changed.values(numbers=whole.as_json()))
        new = [
            {"step": level, "at": at, "series": series, "labels": _named(labels), "numbers": tally.as_json()}
            for series, (labels, tally) in group.items()
            if series not in known
        ]
        if new:
            connection.execute(statistics.insert(), new)


def _portions(names: Iterable[str]) -> Iterable[list[str]]:
    every = list(names)
    return (every[first : first + _TOGETHER] for first in range(0, len(every), _TOGETHER))


def _named(labels: Labels) -> dict[str, str]:
    return dict(zip(LABELS, labels, strict=True))


def _series(labels: Labels) -> str:
    return hashlib.blake2b(orjson.dumps(labels), digest_size=12).hexdigest()
