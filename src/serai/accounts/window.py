"""How much was used within the last minute. Pure: the caller says what time it is."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

MINUTE_S = 60.0
_A_SECOND = 10
"""Into so many parts a second is counted, so that memory does not grow with the rate."""

_SLOTS = int(MINUTE_S) * _A_SECOND


@dataclass(slots=True)
class Window:
    """A sliding window. What is added counts until it is a whole minute old, and at most a tenth of a second longer:
    so no minute, wherever it begins, ever holds more than was let in against `used`. Times must not run backwards."""

    _slots: deque[tuple[int, int]] = field(default_factory=deque)
    _used: int = 0

    def used(self, now: float) -> int:
        """How much of the last minute's use still counts."""
        first = math.floor(now * _A_SECOND) - _SLOTS
        while self._slots and self._slots[0][0] < first:
            self._used -= self._slots.popleft()[1]
        return self._used

    def add(self, amount: int, now: float) -> None:
        slot = math.floor(now * _A_SECOND)
        if self._slots and self._slots[-1][0] >= slot:
            last, before = self._slots[-1]
            self._slots[-1] = (last, before + amount)
        else:
            self._slots.append((slot, amount))
        self._used += amount

    def wait(self, amount: int, limit: int, now: float) -> float:
        """Seconds until `amount` more fits under the limit if nothing else is added; 0 when it does now. More than the
        limit fits when the window is empty."""
        over = self.used(now) + min(amount, limit) - limit
        if over <= 0:
            return 0.0
        if over == self._used:  # not before it is empty
            return self._until(self._slots[-1][0], now)
        for slot, used in self._slots:
            over -= used
            if over <= 0:
                return self._until(slot, now)
        return MINUTE_S

    def _until(self, slot: int, now: float) -> float:
        """Seconds until what was added then counts no more."""
        return max(0.0, (slot + _SLOTS + 1) / _A_SECOND - now)
