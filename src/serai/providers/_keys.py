"""The keys of one service: which to show next. Pure but for the clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

REFUSED_S = 600.0
"""So long a key that was refused is shown only when all others rest too."""


class Keys:
    """Stays with one key until that is set aside; then takes the next."""

    def __init__(self, keys: Sequence[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._keys = list(dict.fromkeys(keys))
        self._clock = clock
        self._until: dict[str, float] = {}

    def order(self) -> list[str]:
        """The keys to try, one after the other: first those that do not rest, then those whose rest ends soonest. One
        empty text where there are none: the service may want no key."""
        now = self._clock()
        return sorted(self._keys, key=lambda key: max(0.0, self._until.get(key, 0.0) - now)) or [""]

    def rest(self, key: str, seconds: float) -> None:
        """Sets a key aside for so long."""
        self._until[key] = self._clock() + seconds
