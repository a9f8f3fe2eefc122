from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from tests.unit.money.bank import Bank, open_bank

from serai.storage.database import Database


@pytest_asyncio.fixture
async def bank(db: Database) -> AsyncIterator[Bank]:
    bank = open_bank(db)
    yield bank
    await bank.money.close()
