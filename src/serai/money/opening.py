"""Money, whole: how its parts are put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from serai.money.budgets import Budgets
from serai.money.ledger import Ledger
from serai.money.notices import Notices
from serai.money.prices import Prices, Sellers
from serai.money.purse import NOW, Clocks, Purse
from serai.money.rules import Rules
from serai.money.usage import UsageBook
from serai.storage.database import Database


@dataclass(frozen=True, slots=True)
class Money:
    """`purse` is for the router; the rest is for whoever sets prices and budgets, and looks at what was used."""

    purse: Purse
    prices: Prices
    budgets: Budgets
    usage: UsageBook
    ledger: Ledger
    rules: Rules
    notices: Notices

    async def start(self) -> None:
        """Takes over what a process that was killed had put aside."""
        await self.rules.read()
        await self.ledger.recover()

    async def close(self) -> None:
        """Writes what waits; before the database is closed."""
        await self.rules.close()
        await self.notices.close()
        await self.ledger.close()


def open_money(
    db: Database,
    publish: Callable[[str, Mapping[str, Any]], None],
    sellers: Sellers,
    clocks: Clocks = NOW,
) -> Money:
    """Not started. Nothing is read or written before the first call."""
    rules = Rules(db, clocks.monotonic)
    prices = Prices(db, rules, sellers, clocks.time)
    budgets = Budgets(db, rules, publish, clocks.time)
    ledger = Ledger(db, budgets.passed, budgets.tell)
    notices = Notices(db, clocks.monotonic)
    purse = Purse(prices, rules, ledger, budgets.refused, notices, clocks)
    return Money(purse, prices, budgets, UsageBook(db, ledger), ledger, rules, notices)
