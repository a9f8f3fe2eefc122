"""The table of batches."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, select

from serai.errors import NotFound
from serai.storage.tables import batches

ENDED = ("failed", "completed", "cancelled")

PRIVATE = "x-serai-private"
"""The note of a batch of which no line leaves this machine; its value is `true`."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests that are answered by a job. `state` and the names in `times` are OpenAI's words; `problems` say what is
    wrong with the input, or why its job could not go on."""

    id: str
    principal: str
    endpoint: str
    input: str
    state: str
    created_at: float
    job: str | None = None
    output: str | None = None
    errors: str | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    problems: Sequence[Mapping[str, Any]] = ()
    times: Mapping[str, float] = field(default_factory=dict)

    @property
    def private(self) -> bool:
        return self.notes.get(PRIVATE) == "true"

    @property
    def ended(self) -> bool:
        return self.state in ENDED


def insert(connection: Connection, batch: Batch) -> None:
    connection.execute(batches.insert().values(**{name: getattr(batch, name) for name in batch.__slots__}))


def find(connection: Connection, batch: str, principal: str | None = None) -> Batch:
    """Raises NotFound, also where it is not that principal's."""
    query = select(batches).where(batches.c.id == batch)
    if principal is not None:
        query = query.where(batches.c.principal == principal)
    row = connection.execute(query).first()
    if row is None:
        raise NotFound(f"There is no batch {batch[:80]!r}.")
    return _batch(row)


def newest(connection: Connection, principal: str) -> list[Batch]:
    query = select(batches).where(batches.c.principal == principal)
    order = (batches.c.created_at.desc(), batches.c.id.desc())
    return [_batch(row) for row in connection.execute(query.order_by(*order))]


def unfinished(connection: Connection) -> list[Batch]:
    query = select(batches).where(batches.c.state.not_in(ENDED))
    return [_batch(row) for row in connection.execute(query)]


def change(connection: Connection, batch: str, state: str | None = None, **values: Any) -> Batch:
    """Changes a batch that has not ended, and notes when it came into a new state; an ended one stays as it is."""
    row = find(connection, batch)
    if row.ended:
        return row
    if state is not None and state != row.state:
        values |= {"state": state, "times": {**row.times, state: time.time()}}
    if values:
        connection.execute(batches.update().where(batches.c.id == batch).values(**values))
    return find(connection, batch)


def _batch(row: Row[Any]) -> Batch:
    return Batch(**{name: getattr(row, name) for name in Batch.__slots__})
