"""What a service's models are: asked for now and then, kept while it is away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from serai.errors import SeraiError
from serai.types import Model

FRESH_S = 600.0
AGAIN_S = 30.0
"""After so long a service that was away is asked again."""

WAIT_S = 5.0
"""So long the very first list is waited for; never any other."""


class Listing:
    """`ask` asks the service; its SeraiErrors are kept in `error`, and what was known stays."""

    def __init__(self, ask: Callable[[], Awaitable[list[Model]]], known: Sequence[Model] = ()) -> None:
        self._ask = ask
        self._asked_at: float | None = None
        self._task: asyncio.Task[None] | None = None
        self.known = known
        self.seen_at: float | None = None
        self.error: SeraiError | None = None

    async def get(self) -> Sequence[Model]:
        """What is known, and only where nothing was ever asked what the service says now."""
        first = self._asked_at is None
        if first or (self._task is None and self._due()):
            self._start()
        if first or (self.seen_at is None and self._task is not None and self.error is None):
            await self._wait(WAIT_S)
        return self.known

    async def refresh(self) -> Sequence[Model]:
        """What the service says now. Raises the SeraiError that it is away with."""
        self.error = None
        self._start()
        await self._wait(None)
        if self.error is not None:
            raise self.error
        return self.known

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def _due(self) -> bool:
        age = time.monotonic() - (self._asked_at or 0.0)
        return age > (FRESH_S if self.error is None else AGAIN_S)

    def _start(self) -> None:
        self._asked_at = time.monotonic()
        if self._task is None:
            self._task = asyncio.create_task(self._run())
            self._task.add_done_callback(self._done)

    async def _wait(self, seconds: float | None) -> None:
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=seconds)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and (fault := task.exception()) is not None:
            raise fault  # a fault of our own: the event loop tells it

    async def _run(self) -> None:
        try:
            self.known = await self._ask()
            self.seen_at, self.error = time.time(), None
        except SeraiError as error:
            self.error = error
