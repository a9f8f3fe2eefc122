"""The one writer of this process: a thread that commits what is waiting in one transaction."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection

from serai.errors import Internal, SeraiError
from serai.storage.connections import Connections
from serai.storage.engines import run_plain

T = TypeVar("T")

BATCH = 256
"""Works in one transaction at most, so that nobody waits long for the first of them."""


@dataclass(slots=True)
class _Write:
    work: Callable[[Connection], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    value: Any = None
    error: BaseException | None = None

    def resolve(self) -> None:
        if self.future.done():  # its asker was cancelled; the write was done all the same
            return
        if self.error is None:
            self.future.set_result(self.value)
        else:
            self.future.set_exception(self.error)


class Writer:
    """Runs works in the order in which they were asked for. Its thread starts at once and ends with `close`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._queue: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="serai-writer", daemon=True)
        self._thread.start()

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Resolves after COMMIT. A work that was asked for is done even when its asker is cancelled."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._closing:  # nothing may enter the queue behind its end
            if self._closed:
                raise Internal("The database is closed.")
            self._queue.put(_Write(work, loop, future))
        return await future

    def close(self) -> None:
        """Waits until everything that was asked for is committed. May be called twice."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            batch, more = self._drain()
            if batch:
                self._commit(batch)
                _resolve(batch)
            if not more:
                return

    def _drain(self) -> tuple[list[_Write], bool]:
        batch: list[_Write] = []
        while len(batch) < BATCH:
            try:
                write = self._queue.get(block=not batch)
            except queue.Empty:
                break
            if write is None:
                return batch, False
            batch.append(write)
        return batch, True

    def _commit(self, batch: list[_Write]) -> None:
        try:
            with self._connections.use() as connection, connection.begin():
                for write in batch:
                    _attempt(connection, write)
        except BaseException as error:  # the transaction as a whole failed: none of its works was kept
            for write in batch:
                write.error = write.error or _settable(error)


def _attempt(connection: Connection, write: _Write) -> None:
    """Runs one work in a savepoint. Raises only when the whole transaction is lost."""
    run_plain(connection, "SAVEPOINT work")
    try:
        write.value = write.work(connection)
    except BaseException as error:  # it belongs to the asker, whatever it is
        write.error = _settable(error)
        try:
            run_plain(connection, "ROLLBACK TO SAVEPOINT work")
        except Exception as lost:  # SQLite rolls everything back on a full disk
            raise (error if isinstance(error, SeraiError) else lost) from None
    run_plain(connection, "RELEASE SAVEPOINT work")


def _settable(error: BaseException) -> BaseException:
    """A future refuses StopIteration, and its asker would wait for ever."""
    return RuntimeError("a work raised StopIteration") if isinstance(error, StopIteration) else error


def _resolve(batch: list[_Write]) -> None:
    """Wakes every loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Write]] = defaultdict(list)
    for write in batch:
        by_loop[write.loop].append(write)
    for loop, writes in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve_all, writes)
        except RuntimeError:  # that loop has ended, and with it everybody who waited
            continue


def _resolve_all(writes: list[_Write]) -> None:
    for write in writes:
        write.resolve()
