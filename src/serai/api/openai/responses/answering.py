"""One response from its call to its last event, and what is kept of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, nullcontext
from typing import Any

from serai.api import errors
from serai.api.openai.responses.request import Asked
from serai.api.openai.responses.writer import Writer
from serai.chat.responses import Kept, Responses
from serai.types import Delta, Usage


class Answering:
    """`events` is read once, to its end; then `response` is whole, and kept if that was wanted."""

    def __init__(self, asked: Asked, deltas: AsyncGenerator[Delta, None], responses: Responses) -> None:
        self._asked = asked
        self._deltas = deltas
        self._responses = responses
        self._writer = Writer(asked.call, asked.base, logprobs=asked.logprobs)
        self._began = False

    @property
    def response(self) -> dict[str, Any]:
        return self._writer.response

    async def events(self) -> AsyncGenerator[bytes, None]:
        """The events in their order. What goes wrong before the first of them is raised; later it becomes the last.
        A response is kept before its end is told, so that the next question can follow on it at once."""
        who, call = self._asked.call.principal.id, self._asked.call.id
        kept = Kept(self._writer.response, self._asked.input, self._asked.previous)
        writing = self._responses.writing(who, call, kept) if self._asked.store else nullcontext()
        async with writing:
            last: list[bytes] = []
            try:
                async with aclosing(self._deltas) as deltas:
                    async for delta in deltas:
                        for event in self._events_of(delta):
                            yield event
                        if delta.finish is not None:
                            last = list(self._writer.end(delta.finish, delta.usage or Usage()))
            except Exception as error:
                if not self._began:
                    raise
                last = list(self._writer.fail(errors.understood(error)))
            if self._asked.store:
                await self._responses.save(who, kept)
            for event in last:
                yield event

    def _events_of(self, delta: Delta) -> list[bytes]:
        opening = [] if self._began else list(self._writer.begin(delta))
        self._began = True
        return [*opening, *self._writer.take(delta)]

    async def whole(self) -> dict[str, Any]:
        """The response at its end. Raises what went wrong."""
        async with aclosing(self.events()) as events:
            async for _ in events:
                pass
        return self._writer.response
