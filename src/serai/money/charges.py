"""The ledger's rows, written and added up within one connection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from serai.money import periods
from serai.money.budget import Budget, subjects
from serai.storage.tables import charges, spent

State = Literal["counted", "estimated", "held", "unsettled", "free"]
"""`counted`: by the service. `estimated`: it did not say all. `held`: the call runs, and this is its worst case.
`unsettled`: the process that held it died, so the worst case stands. `free`: all of a day that cost nothing."""

_ADDED = ("calls", "prompt_tokens", "completion_tokens", "cached_tokens")
_SETTLED = ("cost", "state", "prompt_tokens", "completion_tokens", "cached_tokens", "owner")

# Written down once: to build a statement costs more than to run it.
_ONE = charges.c.id == bindparam("its_id"), charges.c.state == "held"
_RELEASE = charges.delete().where(*_ONE)
_SETTLE = charges.update().where(*_ONE).values({name: bindparam(f"its_{name}") for name in _SETTLED})
_SPENT = spent.c.subject == bindparam("its_subject"), spent.c.period == bindparam("its_period")
_TOTAL = select(spent.c.cost).where(*_SPENT)
_GROW = spent.update().where(*_SPENT).values(cost=spent.c.cost + bindparam("amount"))
_KEPT = select(spent.c.subject, spent.c.period).where(
    or_(*(spent.c.period == bindparam(f"period_{number}") for number in range(3)))
)

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
    changes = [(charge, charge.cost or 0) for charge in fresh]
    if fresh:
        connection.execute(charges.insert(), [charge.row() for charge in fresh])
    for entry in entries:
        if entry.held is not None and _settle(connection, entry):
            changes.append((entry.charge, (0 if entry.released else entry.charge.cost or 0) - entry.held))
    _add(connection, changes)


def post_free(connection: Connection, rows: Iterable[Charge]) -> None:
    """Adds to the one row of a day that all alike have."""
    values = [row.row() for row in rows]
    if values:
        insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(charges)
        grown = {name: charges.c[name] + insert.excluded[name] for name in _ADDED}
        connection.execute(insert.on_conflict_do_update(index_elements=["id"], set_=grown), values)


def total(connection: Connection, subject: str, period: str) -> int:
    """What was spent and is held. Once asked for, it is kept in step."""
    known = _known(connection, subject, period)
    if known is not None:
        return known
    added = _added_up(connection, subject, period)
    connection.execute(spent.insert().values(subject=subject, period=period, cost=added))
    return added


def peek(connection: Connection, subject: str, period: str) -> int:
    """As `total`, where nothing can be written."""
    known = _known(connection, subject, period)
    return _added_up(connection, subject, period) if known is None else known


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
    one = {"its_id": entry.charge.id}
    if entry.released:
        return connection.execute(_RELEASE, one).rowcount == 1
    values = {f"its_{name}": getattr(entry.charge, name) for name in _SETTLED}
    return connection.execute(_SETTLE, one | values).rowcount == 1


def _add(connection: Connection, changes: Iterable[tuple[Charge, int]]) -> None:
    """Brings the sums that are kept in step with these charges."""
    days: dict[str, list[tuple[Charge, int]]] = defaultdict(list)
    for charge, amount in changes:
        if amount:
            days[charge.day].append((charge, amount))
    for day, of_day in days.items():
        named = {f"period_{number}": period for number, period in enumerate(periods.keys_of(day))}
        kept = connection.execute(_KEPT, named).all()
        if not kept:
            continue
        added: dict[str, int] = defaultdict(int)
        for charge, amount in of_day:
            for subject in charge.subjects:
                added[subject] += amount
        rows = [{"its_subject": row[0], "its_period": row[1], "amount": added.get(row[0], 0)} for row in kept]
        if rows := [row for row in rows if row["amount"]]:
            connection.execute(_GROW, rows)


def _known(connection: Connection, subject: str, period: str) -> int | None:
    found = connection.execute(_TOTAL, {"its_subject": subject, "its_period": period}).scalar()
    return None if found is None else int(found)


def _added_up(connection: Connection, subject: str, period: str) -> int:
    kind, _, name = subject.partition(":")
    query = select(func.sum(charges.c.cost))
    if kind != "all":
        query = query.where(_COLUMNS.get(kind, charges.c.principal) == name)
    query = query.where(charges.c.day.startswith(period)) if period else query
    return int(connection.execute(query).scalar() or 0)
