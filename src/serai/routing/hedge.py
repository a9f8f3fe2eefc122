"""Hedged: where the first is silent for a while the second is asked too, and whoever begins first answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from serai.errors import SeraiError
from serai.routing.fallback import MOVES_ON, One, failed
from serai.types import Attempt, Call, Course, Delta, Model

_AHEAD = 64
"""So many Deltas may wait for a slow reader before their source is held back."""

Heard = tuple["_Contender", Delta | BaseException | None]


class Hedged:
    """Costs twice where both begin to work; the slower one is stopped at once."""

    def __init__(self, first: One, second: One, after_s: float) -> None:
        self.name = first.name
        self.model = first.model
        self._both = (first, second)
        self._after_s = after_s

    async def models(self) -> Sequence[Model]:
        return [one.model for one in self._both]

    async def close(self) -> None:
        """The backends are not its own."""

    async def run(self, call: Call) -> AsyncGenerator[Delta, None]:
        heard: asyncio.Queue[Heard] = asyncio.Queue(_AHEAD)
        running = [_Contender(self._both[0], call, heard)]
        try:
            first, delta = await self._begins(call, heard, running)
            course, theirs = call.course, first.course
            course.model, course.backend, course.place = theirs.model, theirs.backend, theirs.place
            theirs.spent(course.cost)
            yield delta
            while True:
                who, what = await heard.get()
                if who is not first:
                    continue
                if what is None:
                    return
                if isinstance(what, BaseException):
                    raise what
                yield what
        finally:
            for contender in running:
                await contender.stop()

    async def _begins(
        self, call: Call, heard: asyncio.Queue[Heard], running: list[_Contender]
    ) -> tuple[_Contender, Delta]:
        """Who answers, and how it begins; the other is stopped. Raises what the last one raised where both fail."""
        tried: tuple[Attempt, ...] = ()
        while True:
            alone = len(running) == 1
            try:
                async with asyncio.timeout(self._after_s if alone else None):
                    who, what = await heard.get()
            except TimeoutError:
                running.append(_Contender(self._both[1], call, heard))
                continue
            if isinstance(what, Delta):
                what.tried = (*tried, *what.tried)
                for other in running:
                    if other is not who:
                        await other.stop()
                        who.course.spent(other.course.cost)
                return who, what
            if not isinstance(what, MOVES_ON):
                raise what if what is not None else RuntimeError("a backend broke its contract: it said nothing")
            assert isinstance(what, SeraiError)
            if alone:
                running.append(_Contender(self._both[1], call, heard))
            elif tried:
                raise what
            tried = (*tried, failed(who.one.name, who.one.model, what))


class _Contender:
    """One of both, at work in a task of its own."""

    def __init__(self, one: One, call: Call, heard: asyncio.Queue[Heard]) -> None:
        self.one = one
        self.course = Course()
        self._call = replace(call, course=self.course)
        self._heard = heard
        self._task = asyncio.create_task(self._work())

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _work(self) -> None:
        end: BaseException | None = None
        try:
            async with contextlib.aclosing(self.one.run(self._call)) as stream:
                async for delta in stream:
                    await self._heard.put((self, delta))
        except Exception as error:
            end = error
        await self._heard.put((self, end))
