"""Work that is for one client alone ends when that client goes away."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

from serai.api.sse import until_gone
from serai.errors import SeraiError

T = TypeVar("T")


class ClientGone(SeraiError):
    """Nobody reads this answer."""

    status = 499
    code = "client_gone"
    who = "you"


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """The work's result; the work is cancelled at once when the client closes the connection (ClientGone). The
    request's body must have been read."""
    working = asyncio.create_task(work)
    gone = asyncio.create_task(until_gone(receive))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientGone("The client went away.")
    finally:
        working.cancel()
        gone.cancel()
        await asyncio.wait({working, gone})
