"""How long a request's body is waited for: a client that says nothing is given up, and one that trickles."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager, nullcontext

from starlette.types import Message

from serai.errors import SeraiError

BODY_S = 30.0
"""So long a body may pause; and it may take so long altogether, and a second more for each ..."""

LEAST_RATE = 10_000
"""... so many bytes of it."""


class TooSlow(SeraiError):
    """The asker's side of the connection is too slow, or gone without a word."""

    status = 408
    code = "too_slow"
    who = "you"


class Patience:
    """With one request. What comes after its body, such as the client's going, is waited for without end."""

    def __init__(self) -> None:
        self.read = 0
        self._whole = False
        self._began = 0.0

    async def take(self, message: Awaitable[Message], *, there: bool = False) -> Message:
        """The next message; raises TooSlow. `there`: all of the body has come already."""
        if self._whole:
            return await message
        try:
            async with _NO_HURRY if there else asyncio.timeout(self._left()):
                came = await message
        except TimeoutError:
            raise TooSlow("The body did not come in time.", hint="Send it again.") from None
        self._whole = came["type"] != "http.request" or not came.get("more_body", False)
        self.read += len(came.get("body") or b"")
        return came

    def _left(self) -> float:
        now = time.monotonic()
        self._began = self._began or now
        return max(0.0, min(BODY_S, self._began + BODY_S + self.read / LEAST_RATE - now))


_NO_HURRY: AbstractAsyncContextManager[object] = nullcontext()
