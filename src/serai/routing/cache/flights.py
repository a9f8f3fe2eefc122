"""Identical calls at the same time: one is answered, the others wait for it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from serai.routing.cache.shelf import Kept

PATIENCE_S = 2.0
"""How long the others wait while whoever asked first does not read on."""

_LOOK_S = 0.5


@dataclass(slots=True)
class Flight:
    """A call that is being answered. `handed_at` is when its last piece was handed on, None while the next is made:
    a slow reader holds up itself alone."""

    landed: asyncio.Future[Kept | None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    handed_at: float | None = None

    def land(self, kept: Kept | None) -> None:
        """Says what became of it; once is enough."""
        if not self.landed.done():
            self.landed.set_result(kept)

    async def wait(self) -> Kept | None:
        """The answer, or None where there is none to be had: it failed, or nobody reads it."""
        while not self.landed.done():
            await asyncio.wait([self.landed], timeout=_LOOK_S)
            handed_at = self.handed_at
            if handed_at is not None and time.monotonic() - handed_at > PATIENCE_S:
                break
        return self.landed.result() if self.landed.done() else None
