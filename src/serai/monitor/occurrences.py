"""What happens that hooks are told of, and how it is found among calls and events."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from serai.monitor.past import Past
from serai.types import LOCAL, new_id

Kind = Literal["call.failed", "budget", "job.ended", "model.state", "provider.away", "provider.back"]

KINDS: Mapping[Kind, str] = {
    "call.failed": "A call ended with an error.",
    "budget": "A soft budget was passed, or a hard one refuses a call.",
    "job.ended": "A job is done, failed or cancelled.",
    "model.state": "A model is being loaded, is ready, was unloaded, or could not be loaded.",
    "provider.away": "A service did not answer three times in a row.",
    "provider.back": "A service that was away answers again.",
}

AWAY = 3
"""Attempts in a row without an answer, after which a service counts as away."""

_AWAY_CODES = frozenset({"unreachable", "timed_out"})
_REMEMBERED = 10_000
"""Models and services whose state is remembered at most."""

_OVER = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """`id` is the same for the same occurrence, whichever process tells of it, where one can know."""

    id: str
    kind: Kind | Literal["test"]
    at: float
    data: Mapping[str, Any]


class Occurrences:
    """Calls `tell` with everything that happens, in the loop's thread."""

    def __init__(self, tell: Callable[[Occurrence], None]) -> None:
        self._tell = tell
        self._silent: dict[str, int] = {}
        self._states: dict[str, str] = {}

    def add(self, past: Past) -> None:
        """A call that ended."""
        for attempt in past.tried:
            if attempt.tried and attempt.code in _AWAY_CODES:
                self._unheard(attempt.backend, attempt.code)
        if past.place != LOCAL and past.backend:
            if past.error in _AWAY_CODES:
                self._unheard(past.backend, past.error)
            elif past.status == "done":
                self._heard(past.backend)
        if past.status == "failed":
            names = ("id", "task", "model", "asked", "backend", "place", "key", "session", "error")
            tried = [{"backend": a.backend, "model": a.model, "code": a.code} for a in past.tried]
            told = {name: getattr(past, name) for name in names}
            self._tell(Occurrence(f"{past.id}:failed", "call.failed", past.at, {**told, "tried": tried}))

    def hear(self, topic: str, data: Mapping[str, Any]) -> None:
        """One event of the common stream."""
        if topic == "job" and data["state"] in _OVER:
            names = ("id", "kind", "title", "principal", "state", "result", "error", "created_at", "updated_at")
            occurrence_id = f"{data['id']}:{data['state']}:{data['updated_at']:.3f}"
            self._say("job.ended", {name: data[name] for name in names}, occurrence_id)
        elif topic == "model":
            self._model(data)
        elif topic == "budget":
            self._say("budget", data)

    def _model(self, data: Mapping[str, Any]) -> None:
        """Events of models also tell of progress; only another state is told."""
        name, state = str(data["name"]), str(data["state"])
        before = self._states.pop(name, None)
        _remember(self._states, name, state)
        if before != state:
            error = data.get("error") or {}
            self._say("model.state", {"name": name, "state": state, "before": before, "error": error.get("code")})

    def _unheard(self, backend: str, code: str) -> None:
        silent = self._silent.pop(backend, 0) + 1
        _remember(self._silent, backend, silent)
        if silent == AWAY:
            self._say("provider.away", {"provider": backend, "error": code})

    def _heard(self, backend: str) -> None:
        if self._silent.pop(backend, 0) >= AWAY:
            self._say("provider.back", {"provider": backend})

    def _say(self, kind: Kind, data: Mapping[str, Any], occurrence_id: str = "") -> None:
        self._tell(Occurrence(occurrence_id or new_id("event"), kind, time.time(), data))


def _remember(known: dict[str, Any], name: str, value: Any) -> None:
    """The newest last; the oldest goes where there are too many."""
    known[name] = value
    if len(known) > _REMEMBERED:
        del known[next(iter(known))]
