"""The last calls that ended, one by one, without what was said."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from serai.errors import NotFound, SeraiError
from serai.monitor.levels import DAY
from serai.monitor.past import Past
from serai.settings import Monitor
from serai.storage.database import Database
from serai.storage.tables import calls
from serai.telemetry import logs
from serai.types import Usage

FILTERS = ("task", "model", "backend", "place", "dialect", "key", "session", "status", "error")
"""Fields of a call by which the list can be narrowed."""

_WAITING = 10_000
"""Calls that are kept at most while the database cannot be written."""

_TOGETHER = 500
"""Rows that are named in one statement."""

_USAGE = tuple(field.name for field in fields(Usage) if field.name != "budgets")


class History:
    """Bounded by number and age. Several processes may hold one on the same database."""

    def __init__(self, db: Database, settings: Callable[[], Monitor]) -> None:
        self._db = db
        self._settings = settings
        self._pending: list[Past] = []

    def add(self, past: Past) -> None:
        """Keeps one call, in memory."""
        self._pending.append(past)

    async def write(self) -> None:
        """Adds what is new to the database. Raises SeraiError where that fails; it is kept for the next time."""
        most = self._settings().history_calls
        taken, self._pending = self._pending[-min(most, _WAITING) :] if most else [], []
        if not taken:
            return
        try:
            await self._db.write(lambda connection: _insert(connection, taken))
        except SeraiError:
            self._pending = taken + self._pending
            raise

    async def tidy(self) -> None:
        """Deletes what is too old or too much."""
        limits = self._settings()

        def work(connection: Connection) -> None:
            connection.execute(calls.delete().where(calls.c.at < time.time() - limits.history_days * DAY))
            order = (calls.c.at.desc(), calls.c.id.desc())
            beyond = connection.execute(select(calls.c.at).order_by(*order).offset(limits.history_calls).limit(1))
            if (oldest := beyond.scalar()) is not None:
                connection.execute(calls.delete().where(calls.c.at <= oldest))

        await self._db.write(work)

    async def page(
        self,
        only: Mapping[str, str],
        *,
        start: float | None = None,
        end: float | None = None,
        after: str = "",
        limit: int = 50,
    ) -> list[dict[str, Any]]:
        """The newest first: those that follow the call `after`. Raises NotFound where there is no such call."""
        query = select(calls).order_by(calls.c.at.desc(), calls.c.id.desc()).limit(limit)
        query = query.where(*(calls.c[name] == value for name, value in only.items()))
        if start is not None:
            query = query.where(calls.c.at >= start)
        if end is not None:
            query = query.where(calls.c.at < end)

        def work(connection: Connection) -> list[dict[str, Any]]:
            wanted = query
            if after:
                at = _find(connection, after).at
                older = or_(calls.c.at < at, (calls.c.at == at) & (calls.c.id < after))
                wanted = query.where(older)
            return [_as_dict(row) for row in connection.execute(wanted)]

        return await self._db.read(work)

    async def get(self, call_id: str) -> dict[str, Any]:
        """Raises NotFound."""
        return await self._db.read(lambda connection: _as_dict(_find(connection, call_id)))


def _insert(connection: Connection, taken: Sequence[Past]) -> None:
    """A call that was run once more takes the place of what it was."""
    new = {past.id: past for past in taken}
    known = [*new]
    for first in range(0, len(known), _TOGETHER):
        connection.execute(calls.delete().where(calls.c.id.in_(known[first : first + _TOGETHER])))
    connection.execute(calls.insert(), [_as_row(past) for past in new.values()])


def _find(connection: Connection, call_id: str) -> Row[Any]:
    row = connection.execute(select(calls).where(calls.c.id == call_id)).first()
    if row is None:
        raise NotFound("There is no such call in the list.", hint="Old ones leave it: see monitor.history_calls.")
    return row


def _as_row(past: Past) -> dict[str, Any]:
    usage = past.usage
    row = past._asdict()
    del row["settings"]
    row["asked"] = past.asked if past.asked != past.model else ""
    row["usage"] = {name: value for name in _USAGE if (value := getattr(usage, name))}
    if usage.cost is not None:  # nothing is not the same as unknown
        row["usage"]["cost"] = usage.cost
    row["tried"] = [{**asdict(attempt), "reason": logs.clean(attempt.reason)} for attempt in past.tried]
    return row


def _as_dict(row: Row[Any]) -> dict[str, Any]:
    return {**row._mapping, "asked": row.asked or row.model}
