"""SQLAlchemy engines for SQLite and PostgreSQL, with the transactions that Serai relies on.

SQLite runs in WAL mode with `synchronous=NORMAL`: a `kill -9` loses nothing that was committed; a power cut may lose
the last moments but never damages the file."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from pathlib import Path
from typing import Any, Literal

import orjson
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError

from serai.errors import BadRequest, MissingExtra
from serai.storage.faults import from_os, translate

Role = Literal["writer", "reader", "migrator"]

READERS = 4
BUSY_S = 15.0
"""How long one process waits for another's write transaction."""

WRITE_LOCK = 0x5E_4A_11
"""PostgreSQL's advisory lock that makes write transactions of all processes come one after another, as in SQLite."""


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file, whatever characters its path holds."""
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def parse(url: str) -> URL:
    """Raises BadRequest when it is neither a SQLite file nor PostgreSQL."""
    hint = "Write sqlite:////folder/serai.db or postgresql://user:password@host/name, or leave storage.url empty."
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise BadRequest("storage.url is not a database URL.", hint=hint) from error
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed
    raise BadRequest(f"storage.url names {parsed.drivername!r}, which Serai cannot use as it stands.", hint=hint)


def create(url: URL, role: Role) -> Engine:
    """An engine that connects at first use. Raises MissingExtra when PostgreSQL's driver is not installed."""
    size = READERS if role == "reader" else 1
    common: dict[str, Any] = {
        "pool_size": size,
        "max_overflow": 0,
        "json_serializer": _dump,
        "json_deserializer": _load,
    }
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": BUSY_S, "check_same_thread": False}, **common)
        _sqlite(engine, role)
    else:
        try:
            engine = create_engine(url, pool_pre_ping=True, **common)
        except ModuleNotFoundError as error:
            raise MissingExtra("PostgreSQL", "postgres") from error
        _postgresql(engine, role)

    def handle(context: ExceptionContext) -> BaseException | None:
        return translate(context.original_exception, url, writes=role != "reader")

    event.listen(engine, "handle_error", handle, retval=True)
    return engine


def _dump(value: Any) -> str:
    return orjson.dumps(value).decode()


def _load(value: Any) -> Any:
    """SQLite keeps a bare number as a number; SQLAlchemy takes it as it is after a TypeError."""
    if not isinstance(value, str | bytes):
        raise TypeError
    return orjson.loads(value)


def _sqlite(engine: Engine, role: Role) -> None:
    begin = "BEGIN" if role == "reader" else "BEGIN IMMEDIATE"

    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late and loses updates
        if role != "reader":
            _use_wal(connection)
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(f"PRAGMA foreign_keys={'OFF' if role == 'migrator' else 'ON'}")
        connection.execute("PRAGMA journal_size_limit=67108864")
        if role == "reader":
            connection.execute("PRAGMA query_only=ON")

    def on_begin(connection: Connection) -> None:
        run_plain(connection, begin)

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)


def _use_wal(connection: sqlite3.Connection) -> None:
    """SQLite does not wait for others when it changes the journal's mode, so we do."""
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _postgresql(engine: Engine, role: Role) -> None:
    def on_begin(connection: Connection) -> None:
        if role == "reader":
            run_plain(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        else:
            run_plain(connection, f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")

    event.listen(engine, "begin", on_begin)


def run_plain(connection: Connection, sql: str) -> None:
    """Runs a statement without result on the driver's own connection: BEGIN and SAVEPOINT cost as much as the work
    itself when they go through SQLAlchemy."""
    driver: Any = connection.connection.driver_connection
    try:
        driver.execute(sql)
    except connection.dialect.loaded_dbapi.Error as error:
        raise translate(error, connection.engine.url) or error from error


def make_file(url: URL) -> None:
    """Makes sure that a SQLite file is there and can be written. A new one is for its owner only; SQLite gives the
    files beside it the same mode."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    path = Path(url.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        elif not os.access(path, os.W_OK):  # never open it: closing it again would drop SQLite's locks of this process
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise from_os(error, url) from error


def sync_file(url: URL) -> None:
    """Commits lie in SQLite's write-ahead log until they are copied into its file; PostgreSQL syncs every commit."""
    if url.get_backend_name() != "sqlite":
        return
    try:
        with Path(f"{url.database}-wal").open("r+b") as log:
            os.fsync(log.fileno())
    except FileNotFoundError:
        return
