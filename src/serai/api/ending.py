"""The end of a request whose key was revoked or has expired while it was being answered."""

from __future__ import annotations

import asyncio

import orjson
from starlette.types import Message, Receive, Scope, Send

from serai.errors import SeraiError, Unauthenticated

ENDING = "serai.ending"
"""Where the guard leaves the Ending in the ASGI scope of a request that has a key."""

_POLICY = 1008
"""The code with which a WebSocket is closed for whoever may not use it."""


class Ending:
    """`streams`: the answer is a stream that tells of the end itself."""

    def __init__(self, scope: Scope) -> None:
        self.ended = False
        self.streams = False
        self._scope = scope
        self._happened: asyncio.Event | None = None

    @property
    def error(self) -> SeraiError:
        hint = "It was revoked, replaced or has expired while it was in use."
        return Unauthenticated("This API key is not valid any more.", hint=hint)

    def end(self) -> None:
        self.ended = True
        if self._happened is not None:
            self._happened.set()

    async def or_else(self, receive: Receive, send: Send) -> Message:
        """The client's next message, or that it is gone as soon as the key ends; a WebSocket is told why before."""
        self._happened = self._happened or asyncio.Event()
        if self.ended:
            self._happened.set()
        ending = asyncio.create_task(self._happened.wait())
        receiving = asyncio.ensure_future(receive())
        try:
            await asyncio.wait({ending, receiving}, return_when=asyncio.FIRST_COMPLETED)
            if not self.ended:
                return await receiving
        finally:
            ending.cancel()
            receiving.cancel()
        if self._scope["type"] == "websocket":
            await send({"type": "websocket.send", "text": orjson.dumps(self._told()).decode()})
            await send({"type": "websocket.close", "code": _POLICY, "reason": self.error.message})
            return {"type": "websocket.disconnect", "code": _POLICY}
        return {"type": "http.disconnect"}

    def _told(self) -> dict[str, object]:
        return {"type": "error", "error": self.error.as_dict()}
