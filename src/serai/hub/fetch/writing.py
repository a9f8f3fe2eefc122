"""Puts arriving bytes to the disk before a kill can take them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

_LONG_S = 0.005
_SPELL_S = 2.0


class Writing:
    """At once where the disk takes no time: what waits for a thread is lost if we are killed. After a write that took
    long, by threads for a while, so that a slow disk holds up nobody else."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._slow_until = 0.0

    async def do(self, write: Callable[[], None]) -> None:
        """Returns when it is written, also where the caller is cancelled meanwhile: pieces go on behind it. Raises
        OSError."""
        began = self._clock()
        if began < self._slow_until:
            await _surely(write)
            return
        write()
        now = self._clock()
        if now - began > _LONG_S:
            self._slow_until = now + _SPELL_S


async def _surely(write: Callable[[], None]) -> None:
    work = asyncio.ensure_future(asyncio.to_thread(write))
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise
