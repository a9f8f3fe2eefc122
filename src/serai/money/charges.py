"""The ledger's rows, written and added up within one connection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from serai.money import periods
from serai.money.budget import Budget, subjects
from serai.storage.tables import charges, spent

State = Literal["counted", "estimated", "held", "unsettled", "free"]
"""`counted`: by the service. `estimated`: it did not say all. `held`: the call runs, and this is its worst case.
`unsettled`: the process that held it died, so the worst case stands. `free`: all of a day that cost nothing."""

_COLUMNS = {"session": charges.c.session, "model": charges.c.model, "place": charges.c.place}


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One row. It counts to the day in which its call began. A `cost` of None is not known."""

    id: str
    call: str
    at: float
    principal: str
    who: str
    model: str
    place: str
    session: str
    state: State
    cost: int | None = None
    calls: int = 1
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    owner: str = ""

    @property
    def day(self) -> str:
        return periods.day_of(self.at)

    @property
    def subjects(self) -> tuple[str, ...]:
        return subjects(self.principal, self.model, self.place, self.session)

    def row(self) -> dict[str, Any]:
        return {**{name: getattr(self, name) for name in self.__slots__}, "day": self.day}


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be written: a new charge, or, with what was `held` before, the end of one. A held one that was never
    begun is `released`."""

    charge: Charge
    held: int | None = None
    released: bool = False


def post(connection: Connection, entries: Sequence[Entry], *, again: bool = False) -> None:
    """Writes entries, and what they add to sums that somebody keeps an eye on. `again`: some of them may have been
    written already, by a transaction of which nobody heard the end."""
    fresh = [entry.charge for entry in entries if entry.held is None]
    if again and fresh:
        ids = select(charges.c.id).where(charges.c.id.in_([charge.id for charge in fresh]))
        there = set(connection.execute(ids).scalars())
        fresh = [charge for charge in fresh if charge.id not in there]
    changes: dict[tuple[str, str], int] = defaultdict(int)
    if fresh:
        connection.execute(charges.insert(), [charge.row() for charge in fresh])
    for charge in fresh:
        _add(changes, charge, charge.cost or 0)
    for entry in entries:
        if entry.held is not None and _settle(connection, entry):
            _add(changes, entry.charge, (0 if entry.released else entry.charge.cost or 0) - entry.held)
    _apply(connection, changes)


def post_free(connection: Connection, rows: Iterable[Charge]) -> None:
    """Adds to the one row of a day that all alike have."""
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(charges)
    added = ("calls", "prompt_tokens", "completion_tokens", "cached_tokens")
    grown = {name: charges.c[name] + insert.excluded[name] for name in added}
    values = [row.row() for row in rows]
    if values:
        connection.execute(insert.on_conflict_do_update(index_elements=["id"], set_=grown), values)


def total(connection: Connection, subject: str, period: str) -> int:
    """What was spent and is held. Once asked for, it is kept in step."""
    found = connection.execute(select(spent.c.cost).where(spent.c.subject == subject, spent.c.period == period))
    known = found.scalar()
    if known is not None:
        return int(known)
    added = int(connection.execute(_sum(subject, period)).scalar() or 0)
    connection.execute(spent.insert().values(subject=subject, period=period, cost=added))
    return added


def peek(connection: Connection, subject: str, period: str) -> int:
    """As `total`, where nothing can be written."""
    found = connection.execute(select(spent.c.cost).where(spent.c.subject == subject, spent.c.period == period))
    known = found.scalar()
    return int(connection.execute(_sum(subject, period)).scalar() or 0) if known is None else int(known)


def full(connection: Connection, budgets: Iterable[Budget], worst: int, now: float) -> tuple[Budget, int] | None:
    """The first budget for which so much more would be too much, and what is spent of it."""
    for budget in budgets:
        there = total(connection, budget.subject, periods.key(budget.period, now))
        if there + worst > budget.amount:
            return budget, there
    return None


def held(connection: Connection) -> list[tuple[str, str]]:
    """The charges that somebody holds, and who."""
    query = select(charges.c.id, charges.c.owner).where(charges.c.state == "held")
    return [(row.id, row.owner) for row in connection.execute(query)]


def leave_unsettled(connection: Connection, ids: Sequence[str]) -> None:
    """These stand at their worst case, because nobody can say any more what was counted."""
    stand = update(charges).where(charges.c.id.in_(ids), charges.c.state == "held").values(state="unsettled")
    connection.execute(stand)


def _settle(connection: Connection, entry: Entry) -> bool:
    """Whether the charge was still held."""
    one = charges.c.id == entry.charge.id, charges.c.state == "held"
    if entry.released:
        return connection.execute(charges.delete().where(*one)).rowcount == 1
    row = entry.charge.row()
    names = ("cost", "state", "prompt_tokens", "completion_tokens", "cached_tokens")
    settled = charges.update().where(*one).values({name: row[name] for name in names} | {"owner": ""})
    return connection.execute(settled).rowcount == 1


def _add(changes: dict[tuple[str, str], int], charge: Charge, amount: int) -> None:
    if amount:
        for period in periods.keys_of(charge.day):
            for subject in charge.subjects:
                changes[subject, period] += amount


def _apply(connection: Connection, changes: Mapping[tuple[str, str], int]) -> None:
    if not changes:
        return
    kept = select(spent.c.subject, spent.c.period).where(spent.c.period.in_({period for _, period in changes}))
    rows = [
        {"its_subject": row.subject, "its_period": row.period, "amount": changes[row.subject, row.period]}
        for row in connection.execute(kept)
        if changes.get((row.subject, row.period))
    ]
    if rows:
        one = spent.c.subject == bindparam("its_subject"), spent.c.period == bindparam("its_period")
        connection.execute(update(spent).where(*one).values(cost=spent.c.cost + bindparam("amount")), rows)


def _sum(subject: str, period: str) -> Any:
    kind, _, name = subject.partition(":")
    query = select(func.sum(charges.c.cost))
    if kind != "all":
        query = query.where(_COLUMNS.get(kind, charges.c.principal) == name)
    return query.where(charges.c.day.startswith(period)) if period else query
