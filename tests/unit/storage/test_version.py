from __future__ import annotations

from sqlalchemy import select

from serai.storage.database import Database
from serai.storage.memory import Memory
from serai.storage.tables import memory


async def test_it_changes_with_every_commit_of_anybody(db: Database, url: str) -> None:
    other = Database.open(url)
    seen = [db.version()]
    for writer in (db, other, db):
        await Memory(writer).set("key", len(seen))
        seen.append(db.version())
    assert None not in seen and len(set(seen)) == 4
    await other.close()


async def test_reading_and_failing_change_nothing(db: Database) -> None:
    before = db.version()
    await db.read(lambda connection: connection.execute(select(memory)).all())
    assert db.version() == before


async def test_a_closed_database_cannot_tell(url: str) -> None:
    db = Database.open(url)
    await db.close()
    assert db.version() is None


async def test_postgresql_cannot_tell(postgres_url: str) -> None:
    db = Database.open(postgres_url)
    assert db.version() is None
    await db.close()
