"""The messages that wait for hooks, as rows: what a process did not get rid of is sent by the next. Every function
works inside the caller's transaction."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

import orjson
from sqlalchemy import Connection, select

from serai.monitor.occurrences import Occurrence
from serai.storage import alive
from serai.storage.tables import hook_messages as table
from serai.storage.tables import hooks

KEPT_S = 24 * 3600.0
"""What nobody took for so long is sent no more."""

UNSEEN_S = 900.0
"""A process that cannot be looked at, as one of another machine, or of this one before it was started anew, is thought
to be gone when its messages are so old. If it is not, they come twice."""

Waiting = tuple[str, Occurrence]
"""A hook's id, and what it is to be told."""


def put(connection: Connection, waiting: Sequence[Waiting], owner: str, most: int) -> list[Waiting]:
    """Writes down what is to be told, and keeps the newest `most` of each hook. Returns what another process has not
    written down already, which tells it then."""
    ids = {occurrence.id for _, occurrence in waiting}
    query = select(table.c.hook, table.c.id).where(table.c.id.in_(ids))
    there = {(row.hook, row.id) for row in connection.execute(query)}
    fresh = [(hook, occurrence) for hook, occurrence in waiting if (hook, occurrence.id) not in there]
    place = time.time_ns()
    rows = [_row(hook, occurrence, owner, place + number) for number, (hook, occurrence) in enumerate(fresh)]
    if rows:
        connection.execute(table.insert(), rows)
    for hook in {hook for hook, _ in fresh}:
        newest = select(table.c.place).where(table.c.hook == hook).order_by(table.c.place.desc())
        last = connection.execute(newest.offset(most).limit(1)).scalar()
        if last is not None:
            connection.execute(table.delete().where(table.c.hook == hook, table.c.place <= last))
    return fresh


def take(connection: Connection, owner: str, now: float) -> list[Waiting]:
    """What processes left that are gone, the oldest first; it is the owner's then. What is too old, or waits for a hook
    that is no more, goes."""
    connection.execute(table.delete().where((table.c.at < now - KEPT_S) | table.c.hook.not_in(select(hooks.c.id))))
    owners = set(connection.execute(select(table.c.owner).distinct()).scalars()) - {owner}
    gone = {one for one in owners if not one or alive.gone(one)}
    query = select(table).where(table.c.owner.in_(owners)).order_by(table.c.place)
    found = [row for row in connection.execute(query) if row.owner in gone or row.at < now - UNSEEN_S]
    for row in found:
        connection.execute(table.update().where(table.c.hook == row.hook, table.c.id == row.id).values(owner=owner))
    return [(row.hook, Occurrence(row.id, row.kind, row.at, orjson.loads(row.data))) for row in found]


def leave(connection: Connection, owner: str) -> None:
    """The owner ends; the next one to begin takes what is its."""
    connection.execute(table.update().where(table.c.owner == owner).values(owner=""))


def forget(connection: Connection, hook: str, ids: Collection[str] | None = None) -> None:
    """What was taken or given up; without ids, all that waits for the hook."""
    gone = table.delete().where(table.c.hook == hook)
    connection.execute(gone if ids is None else gone.where(table.c.id.in_(ids)))


def _row(hook: str, occurrence: Occurrence, owner: str, place: int) -> dict[str, object]:
    data = orjson.dumps(dict(occurrence.data), default=str).decode()
    told = {"id": occurrence.id, "kind": occurrence.kind, "at": occurrence.at, "data": data}
    return {"hook": hook, "place": place, "owner": owner, **told}
