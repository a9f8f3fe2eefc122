"""Run in a process of its own: `python killed.py URL`. Holds money under a hard budget, and waits to be killed."""

from __future__ import annotations

import asyncio
import sys

from tests.unit.money.bank import open_bank

from serai.storage.database import Database


async def main(url: str) -> None:
    bank = open_bank(Database.open(url))
    await bank.money.start()
    await bank.money.budgets.set("key", "key_a", "day", 10)
    await bank.spend(2)
    await bank.hold(5)
    print("held", flush=True)
    await asyncio.Event().wait()


asyncio.run(main(sys.argv[1]))
