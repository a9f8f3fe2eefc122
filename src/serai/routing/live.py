"""A call while it runs: what is shown of it, and how it is stopped from outside."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from serai.types import Call, Record, Usage

Ending = Literal["done", "failed", "cancelled"]
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
    stopped_by: Literal["", "cancel", "deadline", "revoked"] = ""
    _waiting: asyncio.Task[Any] | None = None

    def interrupt(self, by: Literal["cancel", "deadline", "revoked"]) -> None:
        if self.stopped_by:
            return
        self.stopped_by = by
        if self._waiting is not None:
            self._waiting.cancel()

    def waits(self, task: asyncio.Task[Any] | None) -> None:
        """Says that `task` waits for the backend now, or (None) no longer: only then may it be cancelled."""
        self._waiting = task

    def record(self, status: Ending, usage: Usage) -> Record:
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
            usage=usage,
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
