"""One answer while it is written: what of it is committed, what waits to be, and who reads along."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from serai.chat.records import Message
from serai.types import Delta, Usage


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that follows what was shown before; `seq` grows and is where to go on reading."""

    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class Changed:
    """The answer's state, before it ends."""

    state: str
    note: str


@dataclass(frozen=True, slots=True)
class End:
    """The last thing a reader gets: the whole message, which is the truth whatever was read before."""

    message: Message


Shown = Piece | Changed | End


class Draft:
    """Readers see only what `show` was given, which is called after the commit. Used from the loop's thread alone."""

    def __init__(self, person: str, message: Message) -> None:
        self.person = person
        self.message = message
        self.usage: Usage | None = None
        self._base = len(message.text)
        self._committed: list[str] = []
        self._pending: list[str] = []
        self._opening: dict[str, Any] | None = None
        self._complete = False
        self._work = asyncio.Event()
        self._moved = asyncio.Event()
        self._end: Message | None = None

    # The writing side

    def add(self, delta: Delta) -> None:
        """Takes in what the model said; nobody sees it yet."""
        if delta.answerer is not None:
            answerer = {name: getattr(delta.answerer, name) for name in delta.answerer.__slots__}
            tried = tuple({"backend": attempt.backend, "reason": attempt.reason} for attempt in delta.tried)
            self._opening = {"state": "streaming", "answerer": answerer, "tried": tried}
            self._work.set()
        if delta.text:
            # PostgreSQL cannot hold NUL.
            self._pending.append(delta.text.replace("\0", "\ufffd"))
            self._work.set()
        if delta.usage is not None:
            self.usage = delta.usage

    def complete(self) -> None:
        """Nothing more will be added."""
        self._complete = True
        self._work.set()

    async def take(self) -> tuple[Mapping[str, Any] | None, str] | None:
        """Waits for something to commit: columns to set and text. Everything that gathered during the last commit
        comes at once. None: the answer is complete and all of it was taken."""
        while not self._pending and self._opening is None:
            if self._complete:
                return None
            self._work.clear()
            await self._work.wait()
        opening, self._opening = self._opening, None
        text = "".join(self._pending)
        self._pending.clear()
        return opening, text

    @property
    def next_seq(self) -> int:
        """Continuing an answer goes on with higher numbers than its first pieces can have had."""
        return self._base + len(self._committed) + 1

    def show(self, opening: Mapping[str, Any] | None, text: str) -> None:
        """What `take` gave is committed: readers may see it."""
        if opening is not None:
            self.message = replace(self.message, **opening)
        if text:
            self._committed.append(text)
        self._tell()

    def end(self, message: Message) -> None:
        self.message = self._end = message
        self._tell()

    def _tell(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    # The reading side

    @property
    def text(self) -> str:
        """All that may be shown."""
        return self._end.text if self._end else self.message.text + "".join(self._committed)

    async def ended(self) -> Message:
        while self._end is None:
            await self._moved.wait()
        return self._end

    async def follow(self, after: int = 0) -> AsyncGenerator[Shown, None]:
        """Everything after `after`, then what comes, in order, without a gap or a repetition, to the End."""
        at = min(max(after - self._base, 0), len(self._committed))
        state = ""
        while True:
            moved = self._moved  # taken before looking, so that nothing which comes meanwhile is missed
            if self._end is None and self.message.state != state:
                state = self.message.state
                yield Changed(state, f"Waiting for {self.message.model or 'a model'}" if state == "waiting" else "")
            if at < len(self._committed):
                text, at = "".join(self._committed[at:]), len(self._committed)
                yield Piece(self._base + at, text)
            elif self._end is not None:
                yield End(self._end)
                return
            else:
                await moved.wait()
