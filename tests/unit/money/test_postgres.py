"""What the ledger promises holds in PostgreSQL, too."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.money.bank import HERE, Bank, open_bank
from tests.unit.storage.conftest import postgres_server, postgres_url  # noqa: F401 - fixtures

from serai.errors import OverBudget
from serai.storage.database import Database
from serai.types import Usage

pytestmark = pytest.mark.slow


async def test_two_processes_share_budgets_and_tell_of_them_once(postgres_url: str) -> None:  # noqa: F811
    banks = [open_bank(Database.open(postgres_url)) for _ in range(2)]
    await banks[0].money.budgets.set("key", "key_a", "day", 20)
    await banks[0].money.budgets.set("all", "", "month", 15, hard=False)

    async def one(bank: Bank, dollars: int) -> int:
        try:
            hold = await bank.hold(dollars)
        except OverBudget:
            return 0
        hold.settle(Usage(prompt_tokens=1, completion_tokens=dollars))
        return dollars

    got = sum(await asyncio.gather(*(one(banks[number % 2], 1 + number % 5) for number in range(40))))
    await banks[1].spend(2, HERE)
    await banks[1].spend(2, HERE)
    for bank in banks:
        await bank.money.ledger.flush()
    assert 15 < got <= 20 and await banks[0].states() == {"counted": got, "free": 0}
    told = [data["state"] for bank in banks for _, data in bank.events]
    assert told.count("passed") == 1
    rows = await banks[0].money.usage.by("place")
    assert [(row["name"], row["cost"]) for row in rows] == [("far", float(got)), ("local", 0.0)]
    for bank in banks:
        await bank.money.close()
        await bank.db.close()
