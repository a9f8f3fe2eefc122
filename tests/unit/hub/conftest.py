import pytest

from serai.hub.records import Records
from serai.hub.store import Store
from serai.storage.database import Database


@pytest.fixture
def changed() -> list[str]:
    return []


@pytest.fixture
def store(db: Database, changed: list[str]) -> Store:
    return Store(db, changed.append)


@pytest.fixture
def records(db: Database) -> Records:
    return Records(db)
