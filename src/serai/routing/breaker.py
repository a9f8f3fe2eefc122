"""The breaker: a model at a service that keeps failing is left alone for a while, then tried with one call."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from serai.errors import Busy, ModelFailed, SeraiError, TimedOut, Unreachable

_LONGEST_S = 300.0
_KNOWN = 1000


@dataclass(slots=True)
class _State:
    failures: int = 0
    until: float = 0.0
    pause_s: float = 0.0
    probing: bool = False
    reason: str = ""


class Breakers:
    """By backend and model. `failures` in a row open a breaker for `pause_s`, which doubles each time that the one call
    that is let through then fails, too. A service that says when to come back is left alone until then."""

    def __init__(
        self, failures: Callable[[], int], pause_s: Callable[[], float], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._failures = failures
        self._pause_s = pause_s
        self._clock = clock
        self._states: OrderedDict[tuple[str, str], _State] = OrderedDict()

    def closed(self, backend: str, model: str) -> Busy | None:
        """Why it is not asked now; None where it may be."""
        state = self._states.get((backend, model))
        if state is None or not state.until:
            return None
        wait = state.until - self._clock()
        if wait <= 0 and not state.probing:
            return None
        return _resting(backend, state, max(wait, 1.0))

    def enter(self, backend: str, model: str) -> None:
        """Raises Busy while it is left alone. After that time one call is let through to see; `leave` must follow."""
        resting = self.closed(backend, model)
        if resting is not None:
            raise resting
        state = self._states.get((backend, model))
        if state is not None and state.until:
            state.probing = True

    def leave(self, backend: str, model: str, error: BaseException | None) -> None:
        """What became of a call that entered: None for an answer that began. Others' faults count for nothing."""
        key = (backend, model)
        if error is None:
            self._states.pop(key, None)
            return
        state = self._states.get(key)
        counts = isinstance(error, ModelFailed | Unreachable | TimedOut | Busy)
        if not counts:
            if state is not None:
                state.probing = False
            return
        assert isinstance(error, SeraiError)
        state = state or self._states.setdefault(key, _State())
        self._states.move_to_end(key)
        self._failed(state, error)
        while len(self._states) > _KNOWN:
            self._states.popitem(last=False)

    def _failed(self, state: _State, error: SeraiError) -> None:
        probe, state.probing = state.probing, False
        state.reason = error.message
        if isinstance(error, Busy):
            state.until = max(state.until, self._clock() + min(error.retry_after, _LONGEST_S))
            return
        state.failures += 1
        if probe or state.failures >= self._failures():
            state.pause_s = min(_LONGEST_S, state.pause_s * 2 if probe and state.pause_s else self._pause_s())
            state.until = self._clock() + state.pause_s


def _resting(backend: str, state: _State, wait: float) -> Busy:
    seconds = math.ceil(wait)
    why = f"it failed {state.failures} times in a row" if state.failures else "it had enough"
    busy = Busy(f"{backend} is left alone for {seconds} s, because {why}: {state.reason}", retry_after=seconds)
    busy.who, busy.hint = backend, f"Try again in {seconds} s, or ask another model."
    busy.facts["resting"] = True
    return busy
