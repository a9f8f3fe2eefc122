"""Work that is for one client alone ends when that client goes away."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

from serai.api.gone import watched
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
    gone = False

    def left() -> None:
        nonlocal gone
        gone = True
        task.cancel()

    with watched(receive, left):
        try:
            return await work
        except asyncio.CancelledError:
            # Ours only if nobody else cancelled us at the same time.
            if gone and task.uncancel() == 0:
                raise ClientGone("The client went away.") from None
            raise
