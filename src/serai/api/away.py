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
    task = asyncio.current_task()
    assert task is not None
    gone = asyncio.create_task(until_gone(receive))
    working = True

    def left(_: asyncio.Task[None]) -> None:
        if working and not gone.cancelled():
            task.cancel()

    gone.add_done_callback(left)
    try:
        return await work
    except asyncio.CancelledError:
        # Ours only if nobody else cancelled us at the same time.
        if gone.done() and not gone.cancelled() and task.uncancel() == 0:
            raise ClientGone("The client went away.") from None
        raise
    finally:
        working = False
        gone.cancel()
