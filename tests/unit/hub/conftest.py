import pytest

from serai.hub.store import Store
from serai.storage.database import Database


@pytest.fixture
def changed() -> list[str]:
    return []


@pytest.fixture
def store(db: Database, changed: list[str]) -> Store:
    return Store(db, changed.append)
