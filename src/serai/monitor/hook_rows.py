"""Hooks as rows. Every function works inside the caller's transaction."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from serai.errors import Conflict, NotFound
from serai.storage.tables import hooks as table

MOST = 100
"""Hooks that one Serai has at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """`failures` counts the messages in a row that were given up, `error` says why the last was."""

    id: str
    url: str
    events: Sequence[str]
    private: bool
    created_at: float
    failures: int = 0
    sent_at: float | None = None
    error: str = ""


def every(connection: Connection) -> list[Hook]:
    """The oldest first."""
    return [Hook(**row._mapping) for row in connection.execute(select(table).order_by(table.c.created_at, table.c.id))]


def find(connection: Connection, hook_id: str) -> Hook:
    """Raises NotFound."""
    row = connection.execute(select(table).where(table.c.id == hook_id)).first()
    if row is None:
        raise NotFound(f"There is no hook {hook_id!r}.", hint="`serai hooks list` shows them.")
    return Hook(**row._mapping)


def insert(connection: Connection, hook: Hook) -> None:
    """Raises Conflict where there are too many."""
    if len(every(connection)) >= MOST:
        raise Conflict(f"There are {MOST} hooks already.", hint="Remove one first.")
    connection.execute(table.insert().values(**{name: getattr(hook, name) for name in Hook.__dataclass_fields__}))


def delete(connection: Connection, hook_id: str) -> None:
    """Raises NotFound."""
    find(connection, hook_id)
    connection.execute(table.delete().where(table.c.id == hook_id))


def note(connection: Connection, hook_id: str, error: str) -> int:
    """Writes down what became of a message; returns how many in a row it did not take."""
    row = connection.execute(select(table.c.failures).where(table.c.id == hook_id)).first()
    if row is None:
        return 0
    failures = row.failures + 1 if error else 0
    known = {"failures": failures, "error": error, **({} if error else {"sent_at": time.time()})}
    connection.execute(table.update().where(table.c.id == hook_id).values(**known))
    return int(failures)
