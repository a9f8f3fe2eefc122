"""One model at one backend, with all that keeps both from harm: its queue, its breaker, time-outs, tries again."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass

from serai.backend import Backend
from serai.errors import ContextExceeded, SeraiError, TimedOut
from serai.routing import retry, shorten
from serai.routing.care import Care
from serai.routing.once import Once
from serai.types import Call, Delta, Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How often a backend is asked, and how long it may take to begin and to end."""

    tries: int = 1
    first_token_s: float | None = None
    total_s: float | None = None


class Attempt:
    """A Backend for one call: asks another one, and tries again where that is safe."""

    def __init__(self, model: Model, backend: Backend, why: str, care: Care, terms: Terms) -> None:
        self.name = backend.name
        self.model = model
        self.apart = bool(getattr(backend, "whose", ""))
        self._backend = backend
        self._why = why
        self._care = care
        self._terms = terms

    async def models(self) -> Sequence[Model]:
        return [self.model]

    async def close(self) -> None:
        """The backend is not its own."""

    async def run(self, call: Call) -> AsyncGenerator[Delta, None]:
        """Text that does not fit is left out where its asker allows it; what failed before it began is tried again."""
        chosen = shorten.prepared(call, self.model)
        budget = self._care.budget(self._backend)
        budget.call()
        tries = 1
        while True:
            once = Once(chosen, self.model, self._backend, self._why, self._care)
            try:
                async with once, contextlib.aclosing(self._backend.run(chosen.call)) as source:
                    async for delta in self._within(source):
                        once.hear(delta)
                        yield delta
                return
            except ContextExceeded as error:
                if once.began or not chosen.allowed:
                    raise
                chosen = chosen.shorter(error)
            except SeraiError as error:
                pause = None
                if not once.began and tries < self._terms.tries and retry.again(error):
                    pause = retry.wait_s(error, tries)
                if pause is None or not budget.take():
                    raise
                tries += 1
                await asyncio.sleep(pause)

    def _within(self, source: AsyncGenerator[Delta, None]) -> AsyncIterator[Delta]:
        timed = self._terms.first_token_s is not None or self._terms.total_s is not None
        return self._timed(source) if timed else source

    async def _timed(self, source: AsyncGenerator[Delta, None]) -> AsyncGenerator[Delta, None]:
        """The source's Deltas. Raises TimedOut where the first or the last takes too long."""
        loop, terms, first = asyncio.get_running_loop(), self._terms, True
        end = loop.time() + terms.total_s if terms.total_s is not None else None
        limits = [at for at in (end, loop.time() + terms.first_token_s if terms.first_token_s else None) if at]
        began = time.monotonic()
        while True:
            try:
                async with asyncio.timeout_at(min(limits) if first and limits else end):
                    delta = await anext(source)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                took = time.monotonic() - began
                what = "did not begin" if first else "did not end"
                raise TimedOut(f"{self.name} {what} within {took:.1f} seconds.", who=self.name) from error
            first = False
            yield delta
