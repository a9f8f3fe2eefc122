"""A call while it runs: what is shown of it, and how it is stopped from outside."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, Literal

from serai.types import Call, Delta, Record, Usage

Ending = Literal["done", "failed", "cancelled"]
NOTHING = Usage()
"""Nothing was told of it yet."""

CallState = Literal["waiting", "streaming"] | Ending


@dataclass(slots=True)
class LiveCall:
    """`interrupt` may come at any time from the loop's thread: it ends the wait for the next Delta if there is one,
    and otherwise takes hold before the next wait begins."""

    call: Call
    error: str = ""
    state: CallState = "waiting"
    tokens: int = 0
    started_at: float = field(default_factory=time.time)
    usage: Usage = NOTHING
    first_token_s: float | None = None
    stopped_by: Literal["", "cancel", "deadline", "revoked"] = ""
    _waiting: asyncio.Task[Any] | None = None

    def interrupt(self, by: Literal["cancel", "deadline", "revoked"]) -> None:
        if self.stopped_by:
            return
        self.stopped_by = by
        if self._waiting is not None:
            self._waiting.cancel()

    async def next(self, source: AsyncGenerator[Delta, None]) -> Delta | None:
        """The source's next Delta; None at its end, or once the call is stopped from outside."""
        if self.stopped_by:
            return None
        task = self._waiting = asyncio.current_task()
        try:
            return await anext(source)
        except StopAsyncIteration:
            return None
        except asyncio.CancelledError:
            # Ours only if we asked for it and nobody else did at the same time.
            if not self.stopped_by or (task is not None and task.uncancel() > 0):
                raise
            return None
        finally:
            self._waiting = None

    def record(self, status: Ending) -> Record:
        """What is told of the call once it has ended."""
        course = self.call.course
        return Record(
            call=self.call,
            model=course.model,
            backend=course.backend,
            place=course.place,
            status=status,
            error=self.error,
            tried=course.tried,
            usage=self.usage,
            started_at=self.started_at,
        )

    def as_dict(self) -> dict[str, Any]:
        """The call in the native API's shape."""
        course, waiting = self.call.course, self.call.course.waiting
        return {
            "id": self.call.id,
            "task": self.call.task,
            "model": course.model or self.call.model,
            "backend": course.backend,
            "place": course.place,
            "principal": self.call.principal.id,
            "priority": self.call.wishes.priority,
            "state": self.state,
            "started_at": self.started_at,
            "tokens": self.tokens,
            "position": waiting.position if waiting else 0,
            "expected_s": waiting.expected_s if waiting else None,
        }
