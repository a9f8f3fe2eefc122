"""One asking of one backend: what is entered before, counted meanwhile, and settled after, whatever becomes of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import replace
from types import TracebackType

from serai.backend import Backend
from serai.routing.care import Care, breaker
from serai.routing.needs import Hold
from serai.routing.shorten import Shortened
from serai.types import LOCAL, Delta, Model, Usage


class Once:
    """Within it the backend may be asked: its breaker lets the call through, it has a place, and what it may cost is
    put aside. `began`: the backend has said something."""

    def __init__(self, chosen: Shortened, model: Model, backend: Backend, why: str, care: Care) -> None:
        self.began = False
        self._chosen = chosen
        self._model = model
        self._name = backend.name
        self._breaker = breaker(backend, model)
        self._why = why
        self._care = care
        self._places = care.places(backend)
        self._place: contextlib.AbstractAsyncContextManager[None] | None = None
        self._hold: Hold | None = None
        self._counted: Delta | None = None
        self._written = 0
        self._settled = False
        self._since = 0.0

    async def __aenter__(self) -> None:
        call, course, model = self._chosen.call, self._chosen.call.course, self._model
        course.model, course.backend, course.place = model.name, self._name, model.place
        self._care.asked(call)
        if model.place != LOCAL:
            self._care.breakers.enter(*self._breaker)
        try:
            if self._places is not None:
                place = self._places.place(call)
                await place.__aenter__()
                self._place = place
            self._hold = await self._care.money.hold(call, model)
        except BaseException as error:
            await self._leave(error)
            raise
        self._since = time.monotonic()

    async def __aexit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        if not self._settled:
            self._settle(self._used())
        await self._leave(error if error is not None or self.began else asyncio.CancelledError())

    def hear(self, delta: Delta) -> None:
        """Completes what the backend says by what it cost, and who it is by why it was asked."""
        self.began = True
        if delta.answerer is not None:
            self._counted = delta
            if self._why:
                delta.answerer = replace(delta.answerer, why=self._why)
        if delta.usage is None:
            self._written += delta.pieces
            return
        self._settled = True
        left_out = self._chosen.left_out or delta.usage.left_out
        delta.usage = replace(delta.usage, cost=self._settle(delta.usage), left_out=left_out)

    def _used(self) -> Usage:
        """What there is to be paid of an answer that broke off."""
        if not self._written:
            return Usage()
        first = self._counted or Delta()
        return Usage(
            prompt_tokens=first.prompt_tokens,
            cached_tokens=first.cached_tokens,
            completion_tokens=self._written,
        )

    def _settle(self, usage: Usage) -> float | None:
        assert self._hold is not None
        return self._chosen.call.course.spent(self._hold.settle(usage, time.monotonic() - self._since))

    async def _leave(self, error: BaseException | None) -> None:
        if self._place is not None:
            await self._place.__aexit__(None, None, None)
        if self._model.place != LOCAL:
            self._care.breakers.leave(*self._breaker, error)
