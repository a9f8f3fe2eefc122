"""Work that goes on after its request was answered, and ends with the server."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from starlette.requests import HTTPConnection

from serai.errors import SeraiError
from serai.telemetry import logs


class Background:
    """Holds the tasks, which asyncio itself would forget."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Errors are for the work itself to tell of; here they are only logged."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            trace = None if isinstance(error, SeraiError) else error
            logs.get("server").warning("background work failed: %s", error, exc_info=trace)


def spawn(connection: HTTPConnection, work: Coroutine[Any, Any, Any]) -> None:
    """Lets work go on behind this request."""
    connection.app.state.background.spawn(work)
