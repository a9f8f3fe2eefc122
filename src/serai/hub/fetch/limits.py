"""What all downloads of this process share: how many connections they hold, and how fast they may be together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

_BURST_S = 0.25


class Limits:
    """Both limits are asked anew each time, so that changes apply to downloads that run."""

    def __init__(self, connections: Callable[[], int] = lambda: 8, rate: Callable[[], float] = lambda: 0.0) -> None:
        """`rate` is in bytes a second; 0 is as fast as it goes."""
        self.connections = connections
        self.rate = rate
        self._open = 0
        self._waiting: list[Callable[[], int]] = []
        self._moved = asyncio.Event()
        self._due = 0.0

    @asynccontextmanager
    async def connection(self, priority: Callable[[], int] = lambda: 0) -> AsyncIterator[None]:
        """Waits for a place among the connections and holds it. The highest priority comes first, and among equal
        ones who came first; it may change while it waits."""
        await self._place(lambda: priority())  # noqa: PLW0108 - one that is told from all others
        try:
            yield
        finally:
            self._open -= 1
            self._moved.set()

    def outranked(self, priority: int) -> bool:
        """Whether somebody of a higher priority waits for a connection."""
        return any(waiting() > priority for waiting in self._waiting)

    async def _place(self, mine: Callable[[], int]) -> None:
        self._waiting.append(mine)
        try:
            while self._open >= self.connections() or max(self._waiting, key=lambda one: one()) is not mine:
                self._moved.clear()
                await self._moved.wait()
            self._open += 1
        finally:
            self._waiting.remove(mine)
            self._moved.set()

    def chunk(self, usual: int) -> int:
        """How much to read at once, so that the rate stays even."""
        rate = self.rate()
        return max(1024, min(usual, int(rate * _BURST_S))) if rate else usual

    async def spend(self, count: int) -> None:
        """Waits as long as `count` more bytes take at the rate."""
        rate = self.rate()
        if rate:
            now = time.monotonic()
            self._due = max(self._due, now - _BURST_S) + count / rate
            if self._due > now:
                await asyncio.sleep(self._due - now)
