"""Waiting for a condition of the world outside, with a deadline instead of a guess."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


async def until(holds: Callable[[], Awaitable[bool] | bool], seconds: float = 5) -> bool:
    """Returns True as soon as it holds; raises TimeoutError when it does not in time."""
    async with asyncio.timeout(seconds):
        while True:
            now = holds()
            if now if isinstance(now, bool) else await now:
                return True
            await asyncio.sleep(0.003)
