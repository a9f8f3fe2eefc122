"""Places: so many calls at once. The others wait by priority and age, and each knows how many are before it."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import math
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from itertools import count

from serai.errors import Busy
from serai.types import Call, Priority

_EARLIER_S: Mapping[Priority, float] = {"high": 60.0, "normal": 0.0, "low": -60.0}
"""By how much earlier a call is taken to have come: so the old ones of low priority have their turn before new ones of
high priority, and nobody starves."""

_WEIGHT = 0.2
"""How much the newest call counts in the average time that a place is held."""

MOST = 1000
"""So many may wait, where nothing else is said."""


class Ticket:
    """One call that waits."""

    __slots__ = ("_places", "granted", "order")

    def __init__(self, places: Places, order: tuple[float, int]) -> None:
        self._places = places
        self.order = order
        self.granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def __lt__(self, other: Ticket) -> bool:
        return self.order < other.order

    @property
    def position(self) -> int:
        return 0 if self.granted.done() else self._places.position(self)

    @property
    def expected_s(self) -> float | None:
        return self._places.expected_s(self.position)


class Places:
    """`limit` is how many calls may run at once now, None for any number; `most` how many may wait. From the loop's
    thread."""

    def __init__(self, name: str, limit: Callable[[], int | None], most: Callable[[], int] = lambda: MOST) -> None:
        self.name = name
        self.running = 0
        self._limit = limit
        self._most = most
        self._waiting: list[Ticket] = []
        self._numbers = count()
        self._held_s: float | None = None

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @contextlib.asynccontextmanager
    async def place(self, call: Call) -> AsyncGenerator[None, None]:
        """Waits for a place and holds it. Raises Busy where too many wait already. Who goes away while waiting costs
        nothing."""
        if not self._free() or self._waiting:
            await self._wait(call)
        else:
            self.running += 1
        began = time.monotonic()
        try:
            yield
        finally:
            held = time.monotonic() - began
            self._held_s = held if self._held_s is None else self._held_s + _WEIGHT * (held - self._held_s)
            self.running -= 1
            self._grant()

    def position(self, ticket: Ticket) -> int:
        return 1 + sum(other.order < ticket.order for other in self._waiting)

    def expected_s(self, position: int) -> float | None:
        """How long the call at this position should wait, by how long the last ones held their places."""
        limit = self._limit()
        return None if self._held_s is None or not limit else round(position * self._held_s / limit, 3)

    async def _wait(self, call: Call) -> None:
        if len(self._waiting) >= self._most():
            wait = self.expected_s(len(self._waiting) + 1)
            seconds = max(1, math.ceil(wait)) if wait is not None else 10
            text = f"{len(self._waiting)} calls wait for {self.name} already."
            raise Busy(text, retry_after=seconds, hint=f"Try again in {seconds} s, or ask another model.")
        ticket = Ticket(self, (time.monotonic() - _EARLIER_S[call.wishes.priority], next(self._numbers)))
        heapq.heappush(self._waiting, ticket)
        call.course.waiting = ticket
        try:
            await ticket.granted
        except asyncio.CancelledError:
            if ticket in self._waiting:
                self._waiting.remove(ticket)
                heapq.heapify(self._waiting)
            elif not ticket.granted.cancelled():  # it was granted in the same moment: pass it on
                self.running -= 1
                self._grant()
            raise
        finally:
            call.course.waiting = None

    def _free(self) -> bool:
        limit = self._limit()
        return limit is None or self.running < limit

    def _grant(self) -> None:
        while self._waiting and self._free():
            ticket = heapq.heappop(self._waiting)
            if ticket.granted.cancelled():
                continue
            self.running += 1
            ticket.granted.set_result(None)
