from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from serai.hub.store import Store
from serai.storage.database import Database
from serai.storage.engines import sqlite_url


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database.open(sqlite_url(tmp_path / "serai.db"))
    yield database
    await database.close()


@pytest.fixture
def changed() -> list[str]:
    return []


@pytest.fixture
def store(db: Database, changed: list[str]) -> Store:
    return Store(db, changed.append)
