"""How far a job is, how fast it goes and how long it will take."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypedDict

WINDOW_S = 10.0
"""The rate is that of the last seconds, so that a resumed job does not count what was done before."""


class Part(TypedDict):
    """One of several things that a job works on, such as a file."""

    name: str
    done: float
    total: float
    state: Literal["waiting", "working", "done"]


class Progress(TypedDict):
    """`done` and `total` in the kind's own unit, `rate` per second; None is unknown. `parts` may be
    only some of very many: those in work first."""

    done: float | None
    total: float | None
    rate: float | None
    eta_s: float | None
    note: str
    parts: Sequence[Part]


def at_rest(stored: Mapping[str, object]) -> Progress:
    """Progress as a row holds it, without the speed that a job has only while it runs."""
    known: Progress = {"done": None, "total": None, "rate": None, "eta_s": None, "note": "", "parts": []}
    progress: Progress = known | {name: stored[name] for name in ("done", "total", "note", "parts") if name in stored}  # type: ignore[assignment]
    progress["parts"] = [_resting(part) for part in progress["parts"]]
    return progress


def _resting(part: Part) -> Part:
    return {**part, "state": "waiting"} if part.get("state") != "done" else part


class Meter:
    """Turns reports into Progress."""

    def __init__(self, start: Progress, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._done, self._total, self._note = start["done"], start["total"], start["note"]
        self._parts = start["parts"]
        self._given_rate: float | None = None
        self._found = 0.0
        self._samples: deque[tuple[float, float]] = deque()

    def report(
        self,
        done: float | None,
        total: float | None,
        rate: float | None,
        note: str | None,
        parts: Sequence[Part] | None = None,
        found: float = 0,
    ) -> None:
        """What is None stays as it was. So much of `done` as was `found` says nothing of the speed."""
        self._total = self._total if total is None else total
        self._note = self._note if note is None else note
        self._parts = self._parts if parts is None else parts
        self._given_rate = self._given_rate if rate is None else rate
        if done is not None:
            self._done = done
            self._found += found
            self._sample(done - self._found)

    def read(self) -> Progress:
        rate = self._rate()
        left = None if self._done is None or self._total is None else max(self._total - self._done, 0)
        eta = left / rate if left is not None and rate else None
        return {
            "done": self._done,
            "total": self._total,
            "rate": rate,
            "eta_s": eta,
            "note": self._note,
            "parts": list(self._parts),
        }

    def _sample(self, done: float) -> None:
        now = self._clock()
        if self._samples and done < self._samples[-1][1]:  # it began again from the start
            self._samples.clear()
        self._samples.append((now, done))
        while len(self._samples) > 2 and self._samples[1][0] <= now - WINDOW_S:
            self._samples.popleft()

    def _rate(self) -> float | None:
        if self._given_rate is not None:
            return self._given_rate
        if len(self._samples) < 2:
            return None
        (then, before), (_, done) = self._samples[0], self._samples[-1]
        passed = self._clock() - then  # not the last report's time: a job that stands still gets slower
        return (done - before) / passed if passed > 0 else None
