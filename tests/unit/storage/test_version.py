from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, insert, select

from serai.storage import changes
from serai.storage.database import Database
from serai.storage.memory import Memory
from serai.storage.tables import keys, routes

Work = Callable[[Connection], Any]


def added(key: str) -> Work:
    new = insert(routes).values(key=key, body={}, created_at=0.0)
    return lambda connection: connection.execute(new)


def a_key(connection: Connection) -> None:
    connection.execute(insert(keys).values(id="k", name="", prefix="", digest="d", scopes=[], created_at=0.0))


async def test_it_changes_with_every_change_of_anybody(db: Database, url: str) -> None:
    other = Database.open(url)
    seen = [db.version()]
    for number, writer in enumerate((db, other, db)):
        await writer.write(added(str(number)))
        seen.append(db.version())
    assert None not in seen and len(set(seen)) == 4
    await other.close()


async def test_changing_and_removing_count_too(db: Database) -> None:
    await db.write(added("one"))
    seen = [db.version()]
    for work in (routes.update().values(body={"a": 1}), routes.delete()):
        await db.write(lambda connection, work=work: connection.execute(work))  # type: ignore[misc]
        seen.append(db.version())
    assert len(set(seen)) == 3


async def test_all_that_is_set_down_is_watched(db: Database) -> None:
    found = await db.read(lambda c: c.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all())
    assert {row.name for row in found} == {
        f"{table}_{event}" for table in changes.TABLES for event in ("insert", "update", "delete")
    }


async def test_what_is_only_counted_and_kept_is_none(db: Database) -> None:
    before = db.version()
    await Memory(db).set("key", 1)
    await db.read(lambda connection: connection.execute(select(routes)).all())
    assert db.version() == before


async def test_that_a_key_was_used_is_none(db: Database) -> None:
    await db.write(a_key)
    before = db.version()
    await db.write(lambda connection: connection.execute(keys.update().values(last_used_at=1.0)))
    assert db.version() == before
    await db.write(lambda connection: connection.execute(keys.update().values(revoked_at=1.0)))
    assert db.version() != before


async def test_a_closed_database_cannot_tell(url: str) -> None:
    db = Database.open(url)
    await db.close()
    assert db.version() is None


async def test_postgresql_cannot_tell(postgres_url: str) -> None:
    db = Database.open(postgres_url)
    assert db.version() is None
    await db.close()
