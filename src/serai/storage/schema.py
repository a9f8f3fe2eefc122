"""Is the database's schema the one that this Serai knows? Alembic is imported only when it is an older one."""

from __future__ import annotations

from sqlalchemy import URL, Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from serai.errors import Internal, StorageFailed
from serai.storage import changes, engines
from serai.storage.tables import metadata

REVISION = "0012"
"""The newest revision under `migrations/versions`; a test holds them together."""


def ensure(url: URL) -> None:
    """Brings the database to REVISION. Raises StorageFailed with cause `newer` when a newer Serai has written it."""
    engine = engines.create(url, "migrator")
    try:
        if _current(engine) != REVISION and not _created(engine):
            move(engine, REVISION)
    finally:
        engine.dispose()


def move(engine: Engine, revision: str) -> None:
    """Migrates forwards or back, all of it or nothing, one process at a time. `engine` has the role `migrator`."""
    from serai.storage.migrations import run

    with engine.begin() as connection:
        current = run.current(connection)
        if current not in run.known():
            raise StorageFailed(
                "The database was written by a newer Serai.",
                cause="newer",
                hint="Update Serai, or put a backup of this version's database in its place.",
                revision=current,
            )
        run.move(connection, revision)
        _check_references(connection)


def _current(engine: Engine) -> str | None:
    try:
        with engine.connect() as connection:
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except DBAPIError:  # there is no such table in a new database
        return None


def _created(engine: Engine) -> bool:
    """Makes an empty database whole from tables.py, ten times as fast as by the migrations that lead to the same."""
    with engine.begin() as connection:
        if inspect(connection).get_table_names():
            return False
        metadata.create_all(connection)
        if connection.dialect.name == "sqlite":
            for statement in changes.triggers():
                connection.exec_driver_sql(statement)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": REVISION})
        return True


def _check_references(connection: Connection) -> None:
    """SQLite's foreign keys are off while tables are rebuilt, so what they promise is checked before COMMIT."""
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise Internal("A migration would have left rows without the rows they belong to; nothing was changed.")
