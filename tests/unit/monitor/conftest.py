from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from serai.storage.database import Database


@pytest_asyncio.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database.open(f"sqlite:///{tmp_path / 'serai.db'}")
    yield made
    await made.close()
