"""A Backend that answers by script: fixed Deltas, gates that a test opens, and faults. No sleeping."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from serai.types import Answerer, Call, Delta, Finish, Model, Usage

Step = str | Delta | asyncio.Event | Exception

MODEL = Model(name="scripted", task="text-generation", title="Scripted", context_length=4096)


class ScriptedBackend:
    """Walks through `script`: text is sent (a Delta as it is), an Event is waited for, an error is raised. `ends` is
    more of the last Delta. `closed` counts the streams that were ended before their end, `calls` keeps what was
    asked."""

    def __init__(
        self,
        models: Sequence[Model] = (MODEL,),
        script: Sequence[Step] = ("Hello", " there"),
        name: str = "scripted",
        finish: Finish = "stop",
    ) -> None:
        self.name = name
        self.script = list(script)
        self.finish: Finish = finish
        self.calls: list[Call] = []
        self.closed = 0
        self.ends: dict[str, Any] = {}
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
                if isinstance(step, Exception):
                    done = True
                    raise step
                if isinstance(step, asyncio.Event):
                    await step.wait()
                    continue
                count += 1
                delta = Delta(text=step) if isinstance(step, str) else step
                delta.answerer, answerer = answerer, None
                yield delta
            done = True
            usage = Usage(prompt_tokens=3, completion_tokens=count)
            yield Delta(**{"answerer": answerer, "finish": self.finish, "usage": usage, **self.ends})
        finally:
            self.closed += not done

    async def close(self) -> None:
        """Nothing is held."""
