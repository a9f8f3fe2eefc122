"""A client's going away, told by its connection: nothing has to wait for it, in a task of its own, at every request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from starlette import types
from starlette.types import Message

GONE = "serai.gone"
"""Where a connection of Serai's own server leaves the Gone in the ASGI scope."""


class Gone:
    """One request's client. `happened` is final. `asked`: all of its request has come."""

    def __init__(self) -> None:
        self.happened = False
        self.asked = False
        self._told: list[Callable[[], None]] = []

    def tell(self) -> None:
        """The client went away, or may not stay."""
        if not self.happened:
            self.happened = True
            for told in list(self._told):
                told()

    @contextmanager
    def watched(self, told: Callable[[], None]) -> Iterator[None]:
        self._told.append(told)
        try:
            if self.happened:
                told()
            yield
        finally:
            self._told.remove(told)


class Receive:
    """An ASGI `receive` whose client's going is told."""

    def __init__(self, receive: types.Receive, gone: Gone) -> None:
        self._receive = receive
        self.gone = gone

    def __call__(self) -> Awaitable[Message]:
        return self._receive()


@contextmanager
def watched(receive: types.Receive, told: Callable[[], None]) -> Iterator[None]:
    """While the block runs, `told` is called as soon as the client has gone. The request's body must have been read.
    Other servers' connections have to be asked, by a task."""
    if isinstance(receive, Receive):
        with receive.gone.watched(told):
            yield
        return
    asking = asyncio.create_task(_until_gone(receive))
    within = True

    def done(_: asyncio.Task[None]) -> None:
        if within and not asking.cancelled():
            told()

    asking.add_done_callback(done)
    try:
        yield
    finally:
        within = False
        asking.cancel()


async def _until_gone(receive: types.Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
