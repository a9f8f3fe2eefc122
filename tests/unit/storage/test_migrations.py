from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from serai.errors import Internal, StorageFailed
from serai.storage import engines, schema
from serai.storage.database import Database
from serai.storage.migrations import run
from serai.storage.tables import memory, messages, metadata

REVISIONS = ["0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011", "0012"]
"""All of them, oldest first; what was released never changes."""


@pytest.fixture
def engine(any_url: str) -> Iterator[Engine]:
    parsed = engines.parse(any_url)
    engines.make_file(parsed)
    engine = engines.create(parsed, "migrator")
    yield engine
    engine.dispose()


def tables(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(inspect(connection).get_table_names()) - {"alembic_version"}


_SESSION = """
INSERT INTO sessions (id, principal, title, system, settings, pinned, created_at, updated_at)
VALUES (:id, 'owner', '', '', '{}', :no, :at, :at)"""


def fill(engine: Engine) -> None:
    """Rows as the first schema could hold them."""
    with engine.begin() as connection:
        session = {"id": "s", "at": 1.0}
        message = {"id": "m", "session": "s", "role": "user", "state": "done", "text": "سلام", "created_at": 1.0}
        connection.execute(text(_SESSION), session | {"no": False})
        connection.execute(messages.insert().values(**message))
        connection.execute(memory.insert().values(key="k", value={"a": 1}))


def kept(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return [connection.execute(text(f"SELECT count(*) FROM {name}")).scalar() for name in ("sessions", "messages")]


def triggers(connection: Connection) -> list[str]:
    """SQLite drops them with a table that a migration makes anew."""
    if connection.dialect.name != "sqlite":
        return []
    query = text("SELECT sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name")
    return list(connection.execute(query).scalars())


def test_the_list_is_complete_and_schema_names_the_newest() -> None:
    scripts = ScriptDirectory.from_config(run._config())
    assert [script.revision for script in scripts.walk_revisions()][::-1] == REVISIONS
    assert REVISIONS[-1] == schema.REVISION


def test_the_migrations_lead_to_the_tables(engine: Engine) -> None:
    schema.move(engine, schema.REVISION)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, metadata) == []


def test_a_new_database_is_the_same_as_a_migrated_one(engine: Engine) -> None:
    def shape() -> dict[str, Any]:
        with engine.connect() as connection:
            seen = inspect(connection)
            return {
                name: (
                    [str(column) for column in seen.get_columns(name)],
                    seen.get_pk_constraint(name),
                    sorted(map(str, seen.get_foreign_keys(name))),
                    sorted(map(str, seen.get_indexes(name))),
                    sorted(map(str, seen.get_unique_constraints(name))),
                )
                for name in seen.get_table_names()
                if name != "alembic_version"
            } | {"triggers": triggers(connection)}

    assert schema._created(engine)
    created = shape()
    schema.move(engine, "base")
    schema.move(engine, schema.REVISION)
    assert shape() == created


@pytest.mark.parametrize("first", REVISIONS)
def test_forwards_from_every_revision_keeps_the_rows(engine: Engine, first: str) -> None:
    schema.move(engine, first)
    fill(engine)
    schema.move(engine, schema.REVISION)
    assert kept(engine) == [1, 1]
    with engine.connect() as connection:
        assert run.current(connection) == schema.REVISION


@pytest.mark.parametrize("target", REVISIONS)
def test_back_to_every_revision_keeps_the_rows(engine: Engine, target: str) -> None:
    schema.move(engine, schema.REVISION)
    fill(engine)
    schema.move(engine, target)
    assert kept(engine) == [1, 1]


def test_back_to_nothing_and_forwards_again(engine: Engine) -> None:
    schema.move(engine, schema.REVISION)
    schema.move(engine, "base")
    assert tables(engine) == set()
    schema.move(engine, schema.REVISION)
    assert tables(engine) == set(metadata.tables)


async def test_an_older_database_is_migrated_when_it_is_opened(engine: Engine, any_url: str) -> None:
    with engine.begin() as connection:  # as if its tables had been made, and taken back, by an older Serai
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    await Database.open(any_url).close()
    assert tables(engine) == set(metadata.tables)


async def test_a_newer_database_is_refused_in_words_and_left_alone(engine: Engine, any_url: str) -> None:
    await Database.open(any_url).close()
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageFailed, match="newer Serai") as caught:
        Database.open(any_url)
    assert caught.value.cause == "newer" and "Update Serai" in caught.value.hint
    assert tables(engine) == set(metadata.tables)


def test_a_migration_that_fails_changes_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise Internal("in the middle")

    monkeypatch.setattr(schema, "_check_references", fails)
    with pytest.raises(Internal):
        schema.move(engine, schema.REVISION)
    assert tables(engine) == set()


def test_rows_without_their_parents_stop_a_migration(url: str) -> None:
    parsed = engines.parse(url)
    engines.make_file(parsed)
    engine = engines.create(parsed, "migrator")
    schema.move(engine, schema.REVISION)
    with engine.begin() as connection:
        row = {"id": "m", "session": "nowhere", "role": "user", "state": "done", "created_at": 1.0}
        connection.execute(messages.insert().values(**row))
    with pytest.raises(Internal, match="without the rows they belong to"):
        schema.move(engine, schema.REVISION)
    engine.dispose()


def test_rebuilding_a_table_keeps_the_rows_that_refer_to_it(engine: Engine) -> None:
    """SQLite can only change a table by replacing it; with foreign keys on, that would take its children along."""
    schema.move(engine, schema.REVISION)
    fill(engine)
    with engine.begin() as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("sessions") as batch:
            batch.alter_column("title", server_default="new")
        schema._check_references(connection)
    assert kept(engine) == [1, 1]
