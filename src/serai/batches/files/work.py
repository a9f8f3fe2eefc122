"""The rows of one job, answered so many at a time. What is wrong with a row is its answer; what is wrong with all rows
ends the job, which can be resumed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from serai.backend import whole
from serai.batches.files.answers import Answers
from serai.batches.files.asking import Asking
from serai.batches.files.rows import Rows
from serai.batches.files.sheet import Row
from serai.errors import (
    Busy,
    Forbidden,
    LacksSetting,
    LoadFailed,
    MissingExtra,
    ModelNotFound,
    NotOffered,
    OverBudget,
    SeraiError,
    StorageFailed,
    Unauthenticated,
    Unreachable,
    WrongTask,
)
from serai.types import Call, Delta, Principal, Result

Run = Callable[[Call], AsyncGenerator[Delta, None]]
Who = Callable[[], Awaitable[Principal]]

_ALL = (
    ModelNotFound,
    WrongTask,
    LacksSetting,
    Forbidden,
    Unauthenticated,
    OverBudget,
    LoadFailed,
    MissingExtra,
    NotOffered,
)
"""What would be said of every row."""

_TRIES = 5
_LONGEST_S = 60.0
_SAVE_S = 2.0


class Work:
    """`tell` is told after every row, and `save` now and then; `first_pause_s` doubles with every try to reach what
    does not answer."""

    def __init__(
        self,
        asking: Asking,
        answers: Answers,
        rows: Rows,
        *,
        run: Run,
        who: Who,
        tell: Callable[[], None],
        save: Callable[[], Awaitable[None]],
        first_pause_s: float = 1.0,
    ) -> None:
        self._asking = asking
        self._answers = answers
        self._rows = rows
        self._run = run
        self._who = who
        self._tell = tell
        self._save = save
        self._saved_at = time.monotonic()
        self._first_pause_s = first_pause_s

    async def all(self, at_once: int) -> None:
        """Answers every row. The first fault of the job itself ends it, and is raised."""
        tasks = [asyncio.create_task(self._go_on()) for _ in range(at_once)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _go_on(self) -> None:
        while (row := await self._rows.next()) is not None:
            self._answers.add(await self._answer(row))
            self._tell()
            if time.monotonic() - self._saved_at > _SAVE_S:
                self._saved_at = time.monotonic()
                await self._save()

    async def _answer(self, row: Row) -> dict[str, Any]:
        answer = {"row": row.number, "input": row.values}
        try:
            result = await self._result(self._asking.call(row, await self._who()))
        except (*_ALL, Unreachable, StorageFailed):
            raise
        except SeraiError as error:
            return {**answer, "output": None, "error": error.as_dict()}
        return {**answer, **_told(result)}

    async def _result(self, call: Call) -> Result:
        """Waits where it is asked to, and for what is away a while."""
        pause, tries = self._first_pause_s, 1
        while True:
            try:
                return await whole(self._run, call)
            except LoadFailed:
                raise
            except Busy as busy:
                await asyncio.sleep(min(float(busy.retry_after), _LONGEST_S))
            except Unreachable:
                if tries == _TRIES:
                    raise
                await asyncio.sleep(pause)
                pause, tries = pause * 2, tries + 1


def _told(result: Result) -> dict[str, Any]:
    usage = result.usage
    more = {"reasoning": result.reasoning, "tool_calls": result.tool_calls}
    return {
        "output": result.data if result.data is not None else result.text,
        "error": None,
        "finish": result.finish,
        "model": result.answerer.model,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cost": usage.cost,
        "from_cache": usage.from_cache,
        **{name: value for name, value in more.items() if value},
    }
