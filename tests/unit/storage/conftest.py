from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from serai.storage.database import Database
from serai.storage.engines import sqlite_url


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path / "serai.db")


@pytest.fixture
async def db(url: str) -> AsyncIterator[Database]:
    database = Database.open(url)
    yield database
    await database.close()
