"""The one stream of events that every page, command and client can follow."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from typing import Any, NamedTuple

RING = 2_000
"""Events that are kept for those who come back."""

RESET = "reset"
"""The topic that says: events are missing here, fetch everything anew."""


class Event(NamedTuple):
    """`id` is `<boot>-<n>`: it names a place in the stream of one run of Serai."""

    id: str
    topic: str
    data: Mapping[str, Any]


class Events:
    """Followers hold a place in one ring, so a slow one costs nothing: what it missed is replaced by a `reset`."""

    def __init__(self, ring: int = RING) -> None:
        self._boot = secrets.token_hex(4)
        self._last = 0
        self._ring: deque[Event] = deque(maxlen=ring)
        self._wakes: set[asyncio.Event] = set()
        self._closed = False

    def publish(self, topic: str, data: Mapping[str, Any]) -> None:
        """Tells all followers; never waits. From the loop's thread. `data` must not change afterwards."""
        self._last += 1
        self._ring.append(Event(self._id(self._last), topic, data))
        self._wake()

    def subscribe(self, after: str | None = None) -> AsyncGenerator[Event, None]:
        """Everything after the event with that id, or from this call on. An id that is unknown or too old gives a
        `reset` first. Ends only with `close`."""
        place = self._last if after is None else self._place(after)
        return self._follow(place)

    def close(self) -> None:
        """Ends all streams, so that a server that stops need not wait for its clients."""
        self._closed = True
        self._wake()

    async def _follow(self, place: int | None) -> AsyncGenerator[Event, None]:
        wake = asyncio.Event()
        self._wakes.add(wake)
        try:
            while not self._closed:
                if place is None or place < self._last - len(self._ring):
                    place = self._last
                    yield Event(self._id(place), RESET, {})
                elif place < self._last:
                    place += 1
                    yield self._ring[place - self._last - 1]
                else:
                    wake.clear()
                    await wake.wait()
        finally:
            self._wakes.discard(wake)

    def _place(self, after: str) -> int | None:
        boot, _, number = after.partition("-")
        if boot != self._boot or not number.isdecimal() or int(number) > self._last:
            return None
        return int(number)

    def _id(self, number: int) -> str:
        return f"{self._boot}-{number}"

    def _wake(self) -> None:
        for wake in self._wakes:
            wake.set()
