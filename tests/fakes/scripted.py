"""A Backend that answers by script: fixed Deltas, gates that a test opens, and faults. No sleeping."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from serai.errors import SeraiError
from serai.types import Answerer, Call, Delta, Model, Usage

Step = str | asyncio.Event | SeraiError


class ScriptedBackend:
    """Walks through `script`: text is sent, an Event is waited for, an error is raised. `closed` counts the streams
    that were ended before their end, `calls` keeps what was asked."""

    def __init__(self, models: Sequence[Model], script: Sequence[Step] = ("Hello", " there"), name: str = "scripted"):
        self.name = name
        self.script = list(script)
        self.calls: list[Call] = []
        self.closed = 0
        self._models = list(models)

    async def models(self) -> Sequence[Model]:
        return self._models

    async def run(self, call: Call) -> AsyncGenerator[Delta, None]:
        self.calls.append(call)
        answerer: Answerer | None = Answerer(model=call.model, backend=self.name)
        count = 0
        done = False
        try:
            for step in self.script:
                if isinstance(step, SeraiError):
                    done = True
                    raise step
                if isinstance(step, asyncio.Event):
                    await step.wait()
                    continue
                count += 1
                yield Delta(text=step, answerer=answerer)
                answerer = None
            done = True
            yield Delta(answerer=answerer, finish="stop", usage=Usage(prompt_tokens=3, completion_tokens=count))
        finally:
            self.closed += not done

    async def close(self) -> None:
        """Nothing is held."""
