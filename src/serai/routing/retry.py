"""Trying again: how long to wait, and how often everybody together may."""

from __future__ import annotations

import random
from collections.abc import Callable

from serai.errors import Busy, ModelFailed, SeraiError, Unreachable

_FIRST_S = 0.25
_LONGEST_S = 8.0
_PATIENCE_S = 30.0
"""A service that wants to be left alone for longer is not waited for."""


class Budget:
    """Keeps calls that try again from becoming a storm: each call brings a quarter of a try, each try takes one, and at
    most ten are saved."""

    def __init__(self, most: float = 10.0, brings: float = 0.25) -> None:
        self._most = most
        self._brings = brings
        self._left = most

    def call(self) -> None:
        self._left = min(self._most, self._left + self._brings)

    def take(self) -> bool:
        """Whether one more try is left."""
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


def again(error: SeraiError) -> bool:
    """Whether the same call may be sent again: the service refused it, could not be reached, or said that it failed.
    One that fell silent or broke off may be at work on it, or paid for it, already."""
    if isinstance(error, Busy):
        return not error.facts.get("resting")
    return isinstance(error, Unreachable) or (isinstance(error, ModelFailed) and error.facts.get("status", 0) >= 500)


def wait_s(error: SeraiError, tries: int, jitter: Callable[[float, float], float] = random.uniform) -> float | None:
    """How long to wait before try number `tries` + 1: anywhere below a bound that doubles, and never shorter than the
    service asks for. None where that is too long."""
    pause = jitter(0.0, min(_LONGEST_S, _FIRST_S * 2 ** (tries - 1)))
    if isinstance(error, Busy):
        pause += error.retry_after
    return pause if pause <= _PATIENCE_S else None
