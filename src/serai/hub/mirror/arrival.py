"""A file that is on its way into the cache, and those who read it meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path

from serai.errors import SeraiError
from serai.hub.faults import Damaged
from serai.hub.fetch.partial import Partial
from serai.hub.remote import RemoteFile


class Arrival:
    """Told by the fetcher. Its last byte is given out only when the digest is the hub's: whoever has the file whole has
    it right, and all others notice."""

    priority = 0

    def __init__(self, file: RemoteFile) -> None:
        self.file = file
        self.turn = 0
        """How often it was begun: bytes of an earlier turn are not those of a later one."""
        self.whole = False
        self._part: Partial | None = None
        self._error: BaseException | None = None
        self._moved = asyncio.Event()

    def arriving(self, part: Partial) -> None:
        self._part = part
        self.turn += 1
        self._wake()

    def advance(self, file: RemoteFile, count: int, note: str | None = None) -> None:  # noqa: ARG002
        self._wake()

    def found(self, file: RemoteFile, count: int) -> None:  # noqa: ARG002
        self._wake()

    def note(self, text: str) -> None:
        """Nobody here reads it."""

    def end(self, error: BaseException | None) -> None:
        """It is whole and has its name in the cache, or was given up."""
        self.whole, self._error = error is None, error
        self._wake()

    def place(self) -> Path | None:
        """Where it lies while it is not whole."""
        return self._part.path if self._part is not None and not self.whole else None

    async def beyond(self, at: int, turn: int = 0) -> int:
        """Up to where it may be read; waits until that is more than `at`. Raises what ended the download, and Damaged
        where what came in `turn`, if that is given, was thrown away."""
        while True:
            if turn and self.turn != turn:
                raise Damaged(f"{self.file.path} arrived damaged from the hub.", hint="Ask for all of it again.")
            ready = self._ready()
            if ready > at:
                return ready
            if self._error is not None:
                raise _raised(self._error)
            await self._moved.wait()

    async def settled(self) -> None:
        """Waits for its end. Raises what ended it."""
        while not self.whole:
            if self._error is not None:
                raise _raised(self._error)
            await self._moved.wait()

    def _ready(self) -> int:
        if self.whole:
            return self.file.size
        return min(self._part.frontier(), self.file.size - 1) if self._part is not None else 0

    def _wake(self) -> None:
        event, self._moved = self._moved, asyncio.Event()
        event.set()


def _raised(error: BaseException) -> BaseException:
    if isinstance(error, SeraiError | OSError):
        return error
    return Damaged("The mirror gave up this file.", hint="Ask for it again.")
