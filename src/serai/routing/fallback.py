"""One after the other: a Backend of Backends, of which the first that begins to answer is the one."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from serai import types
from serai.errors import (
    Busy,
    ContextExceeded,
    KeyNeeded,
    LacksSetting,
    MissingExtra,
    ModelFailed,
    ModelNotFound,
    NotOffered,
    OverBudget,
    SeraiError,
    TimedOut,
    Unreachable,
    WrongTask,
)
from serai.routing.said import Said
from serai.types import Call, Delta, Model

MOVES_ON = (
    ModelFailed,
    Busy,
    Unreachable,
    TimedOut,
    OverBudget,
    ModelNotFound,
    ContextExceeded,
    WrongTask,
    LacksSetting,
    NotOffered,
    MissingExtra,
    KeyNeeded,
)
"""What says something of the one that was asked, and nothing of the next one. A call that is wrong in itself, or whose
asker may not ask, is wrong everywhere."""


class One(Protocol):
    """A Backend for one model."""

    name: str
    model: Model

    async def models(self) -> Sequence[Model]: ...

    def run(self, call: Call) -> AsyncGenerator[Delta, None]: ...

    async def close(self) -> None: ...


class Fallback:
    """`left_out` are those that were considered and not even asked. `goes_on`: a text that breaks off is continued by
    the next one, which is given it as the beginning of its own answer."""

    name = "fallback"

    def __init__(
        self, steps: Sequence[One], left_out: tuple[types.Attempt, ...] = (), *, goes_on: bool = False
    ) -> None:
        self._steps = steps
        self._left_out = left_out
        self._goes_on = goes_on

    async def models(self) -> Sequence[Model]:
        return [step.model for step in self._steps]

    async def close(self) -> None:
        """The steps' backends are not its own."""

    async def run(self, call: Call) -> AsyncGenerator[Delta, None]:
        """Raises what the last one raised; `tried` says in its facts what the others did."""
        course = call.course
        course.tried = self._left_out
        said = Said()
        for number, step in enumerate(self._steps, 1):
            began = False
            try:
                async with contextlib.aclosing(step.run(said.before(call))) as stream:
                    async for delta in stream:
                        if not began:
                            began = True
                            delta.tried = (*course.tried, *delta.tried)
                            said.answered_by(delta)
                        if self._goes_on:
                            said.hear(delta)
                        yield delta
                return
            except MOVES_ON as error:
                last = number == len(self._steps)
                if (began and not (self._goes_on and said.may_go_on(call))) or (last and not course.tried):
                    raise
                course.tried = (*course.tried, failed(step.name, step.model, error))
                if last:
                    error.facts["tried"] = told(course.tried)
                    raise


def failed(backend: str, model: Model, error: SeraiError) -> types.Attempt:
    """One that was asked in vain."""
    return types.Attempt(backend=backend, model=model.name, reason=error.message, code=error.code)


def told(tried: Sequence[types.Attempt]) -> list[dict[str, object]]:
    """As an error's facts have them."""
    return [{name: getattr(attempt, name) for name in attempt.__slots__} for attempt in tried]
