"""The database: SQLite by default, PostgreSQL by URL, behind one small interface."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import URL, Connection

from serai.errors import Internal
from serai.storage import engines, schema
from serai.storage.connections import Connections
from serai.storage.pulse import Pulse
from serai.storage.writer import Writer

T = TypeVar("T")


class Database:
    """Works are plain functions of a Connection; they run in threads, never on the loop.

    Writes come one after another, over all processes: a work may read, decide and write without losing updates. Other
    processes' writes are waited for; when that takes too long, Busy. A full disk, a read-only or damaged file and a
    server that is away raise StorageFailed, and nothing of the work was kept."""

    def __init__(self, url: URL) -> None:
        """Use `open`."""
        self._url = url
        self._reading = Connections(engines.create(url, "reader"))
        self._writing = Connections(engines.create(url, "writer"))
        self._pulse = Pulse(url.database) if url.get_backend_name() == "sqlite" and url.database else None
        self._readers = ThreadPoolExecutor(engines.READERS, thread_name_prefix="serai-reader")
        self._writer = Writer(self._writing)
        self._closed = False
        self._beat: int | None = None

    @classmethod
    def open(cls, url: str) -> Database:
        """Opens it, creating and migrating what is not there yet; safe when several processes start at once.

        Raises BadRequest (not such a URL), MissingExtra (no PostgreSQL driver) or StorageFailed."""
        parsed = engines.parse(url)
        engines.make_file(parsed)
        schema.ensure(parsed)
        return cls(parsed)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Runs the work in a snapshot of what is committed; it cannot write."""
        if self._closed:
            raise Internal("The database is closed.")
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Runs the work and resolves after COMMIT. What it raises rolls back itself alone, and reaches this caller.

        A caller that is cancelled stops waiting; the work is done all the same."""
        return await self._writer.run(work)

    def version(self) -> int | None:
        """A number that changes whenever anybody, in any process, changes what people set down (`changes.TABLES`): what
        was read of it under the same number still holds. Takes microseconds; from the loop's thread. None when the
        database cannot tell, as PostgreSQL; then always read."""
        if self._pulse is None:
            return None
        if self._beat is None:
            self._beat = self._pulse.read()
            # Good for all that runs before the loop turns again: whatever follows from a later commit runs after that.
            asyncio.get_running_loop().call_soon(self._forget)
        return self._beat

    def _forget(self) -> None:
        self._beat = None

    async def sync(self) -> None:
        """What was committed before this call outlives even a power cut after it."""
        await asyncio.to_thread(engines.sync_file, self._url)

    async def close(self) -> None:
        """Commits what is waiting and lets go of the file or server. May be called twice."""
        self._closed = True
        await asyncio.to_thread(self._close)

    def _read(self, work: Callable[[Connection], T]) -> T:
        with self._reading.use() as connection:
            return work(connection)

    def _close(self) -> None:
        self._writer.close()
        self._readers.shutdown()
        if self._pulse is not None:
            self._pulse.close()
        self._reading.close()
        self._writing.close()
