"""Calls that have ended, for tests."""

from __future__ import annotations

from typing import Any

from serai.monitor.past import Past
from serai.monitor.past import past as read
from serai.types import CHAT, Attempt, Call, Principal, Record, Usage, Wishes

AT = 1_795_000_000.0


def record(**told: Any) -> Record:
    """A chat that was done at a service; every field of Record and Usage may be told, and `key`."""
    usage = {name: told.pop(name) for name in Usage.__dataclass_fields__ if name in told}
    wishes = Wishes(dialect=told.pop("dialect", "openai"), session=told.pop("session", ""))
    who = Principal(told.pop("key", "owner"), "someone")
    call = Call(task=told.pop("task", CHAT), model="auto", inputs={}, principal=who, wishes=wishes)
    usual = {"call": call, "model": "org/m", "backend": "llama.cpp", "place": "local", "status": "done", "error": ""}
    return Record(**{**usual, "tried": (), "started_at": AT, **told, "usage": Usage(**usage)})


def past(**told: Any) -> Past:
    return read(record(**told))


def failed(code: str, **told: Any) -> Past:
    return past(status="failed", error=code, **told)


def tried(backend: str, code: str) -> tuple[Attempt, ...]:
    return (Attempt(backend=backend, reason="It did not answer.", code=code),)
