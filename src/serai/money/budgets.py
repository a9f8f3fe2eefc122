"""Budgets as they are kept, looked at and told of."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from serai.errors import NotFound
from serai.money import budget as rules_of
from serai.money import charges, periods
from serai.money.amounts import dollars, nano, said
from serai.money.budget import Budget
from serai.money.charges import Charge
from serai.money.rules import Rules, all_budgets
from serai.storage.database import Database
from serai.storage.tables import budgets
from serai.telemetry import logs
from serai.types import new_id

_log = logs.get("money")

Publish = Callable[[str, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget and what of it is spent in the period that runs, held money too; from `resets_at` on it begins anew."""

    budget: Budget
    spent: int
    resets_at: float | None

    def as_dict(self) -> dict[str, Any]:
        found = {name: value for name, value in asdict(self.budget).items() if name != "told"}
        left = dollars(max(0, self.budget.amount - self.spent))
        money = {"amount": dollars(self.budget.amount), "spent": dollars(self.spent), "left": left}
        return {**found, **money, "passed": self.spent >= self.budget.amount, "resets_at": self.resets_at}


class Budgets:
    """Set and removed by their owner; holding them is the ledger's."""

    def __init__(self, db: Database, rules: Rules, publish: Publish, clock: Callable[[], float] = time.time) -> None:
        self._db = db
        self._rules = rules
        self._publish = publish
        self._clock = clock
        self._refused: dict[str, str] = {}

    async def set(
        self, kind: str, name: str, period: str, amount: float, *, hard: bool = True, unknown: bool = False
    ) -> Standing:
        """One budget for whom, period and hardness; an older one gives way. Raises BadRequest."""
        rules_of.check(kind, name, period, amount)
        now = self._clock()
        same = {"kind": kind, "name": name, "period": period, "hard": hard}
        new = {"amount": nano(amount), "unknown": unknown, "told": "", "changed_at": now}

        def work(connection: Connection) -> None:
            where = [budgets.c[column] == value for column, value in same.items()]
            if connection.execute(budgets.update().where(*where).values(**new)).rowcount == 0:
                connection.execute(budgets.insert().values(id=new_id("budget"), created_at=now, **same, **new))

        await self._db.write(work)
        await self._rules.read(changed=True)
        made = next(one for one in self._rules.now.budgets if all(getattr(one, n) == v for n, v in same.items()))
        return (await self.standing([made]))[0]

    async def remove(self, budget_id: str) -> None:
        """Raises NotFound."""
        gone = budgets.delete().where(budgets.c.id == budget_id)
        if await self._db.write(lambda connection: connection.execute(gone).rowcount) == 0:
            raise NotFound(f"There is no budget {budget_id!r}.", hint="`serai budgets list` shows them.")
        await self._rules.read(changed=True)

    async def all(self) -> list[Standing]:
        """Those that were set, the oldest first, as they stand now."""
        return await self.standing((await self._rules.fresh()).budgets)

    async def standing(self, wanted: Sequence[Budget]) -> list[Standing]:
        """How these stand now."""
        now = self._clock()

        def work(connection: Connection) -> list[Standing]:
            return [
                Standing(
                    one,
                    charges.peek(connection, one.subject, periods.key(one.period, now)),
                    periods.ends_at(one.period, now),
                )
                for one in wanted
            ]

        return await self._db.read(work)

    def passed(self, connection: Connection, written: Sequence[Charge]) -> list[Standing]:
        """The soft budgets that charges just written have passed, each told once in its period, by one process of
        all. For the ledger, in its transaction."""
        if not any(not one.hard for one in self._rules.now.budgets) or not any(charge.cost for charge in written):
            return []
        now = self._clock()
        touched = {subject for charge in written if charge.cost for subject in charge.subjects}
        found = []
        for one in all_budgets(connection):
            period = periods.key(one.period, now) or "all"
            if one.hard or one.subject not in touched or one.told == period:
                continue
            there = charges.total(connection, one.subject, periods.key(one.period, now))
            if there >= one.amount:
                connection.execute(budgets.update().where(budgets.c.id == one.id).values(told=period))
                found.append(Standing(one, there, periods.ends_at(one.period, now)))
        return found

    def tell(self, found: Sequence[Standing]) -> None:
        """The event and the line in the log of each that was passed."""
        for one in found:
            self._publish("budget", {**one.as_dict(), "state": "passed"})
            _log.warning(
                "A budget is passed: %s of %s spent (%s, %s). Calls go on, since it is soft.",
                said(one.spent),
                said(one.budget.amount),
                one.budget.subject,
                one.budget.period,
            )

    def refused(self, one: Budget) -> None:
        """A hard budget had not enough for a call: told once in its period."""
        period = periods.key(one.period, self._clock()) or "all"
        if self._refused.get(one.id) == period:
            return
        self._refused[one.id] = period
        facts = {"id": one.id, "kind": one.kind, "name": one.name, "period": one.period, "amount": dollars(one.amount)}
        self._publish("budget", {**facts, "hard": True, "own": one.own, "state": "refused"})
        _log.warning("A budget refuses calls now: %s of %s (%s).", said(one.amount), one.subject, one.period)
