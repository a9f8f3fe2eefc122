"""How much of this machine other programs use, so that models leave it to them."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable
from itertools import pairwise

import psutil

_WINDOW_S = 15 * 60.0
_STEP_S = 60.0


class Neighbours:
    """The cores that others keep busy. A model has its threads for as long as it is loaded, so what is over soon must
    not cost it any: only what was in use all of the last quarter of an hour counts, as far as it was watched."""

    def __init__(self, used: Callable[[], float] | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._used = used or others_seconds
        self._now = now
        self._seen: deque[tuple[float, float]] = deque()

    def look(self) -> None:
        """To be called now and then; once a minute it really looks."""
        now = self._now()
        if self._seen and now - self._seen[-1][0] < _STEP_S:
            return
        self._seen.append((now, self._used()))
        while self._seen[0][0] < now - _WINDOW_S:
            self._seen.popleft()

    def busy(self) -> int:
        """Whole cores; none as long as nothing is known."""
        self.look()
        looks = list(self._seen)
        shares = [(after[1] - before[1]) / (after[0] - before[0]) for before, after in pairwise(looks)]
        return max(0, int(min(shares, default=0)))


def others_seconds() -> float:
    """Processor seconds that all programs but this one and its children have used since the machine started."""
    times = psutil.cpu_times()
    everyone = times.user + times.system
    own = psutil.Process()
    spent = own.cpu_times()
    mine = spent.user + spent.system + spent.children_user + spent.children_system
    for child in own.children(recursive=True):
        with contextlib.suppress(psutil.Error):
            taken = child.cpu_times()
            mine += taken.user + taken.system
    return float(everyone - mine)
