"""Connections, one for each thread that uses them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine


class Connections:
    """SQLite's are kept by their threads, because making one ready costs as much as a small work; PostgreSQL's come
    from the pool each time, which notices when the server went away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._keeps = engine.dialect.name == "sqlite"
        self._mine = threading.local()
        self._all: list[Connection] = []

    @contextmanager
    def use(self) -> Iterator[Connection]:
        """The thread's connection; what was begun and not committed at the end is rolled back."""
        if not self._keeps:
            with self._engine.connect() as connection:
                yield connection
            return
        connection = self._kept()
        try:
            yield connection
        finally:
            connection.rollback()

    def close(self) -> None:
        """When no thread uses one any more."""
        for connection in self._all:
            connection.close()
        self._engine.dispose()

    def _kept(self) -> Connection:
        connection: Connection | None = getattr(self._mine, "connection", None)
        if connection is None:
            connection = self._engine.connect()
            self._mine.connection = connection
            self._all.append(connection)
        return connection
