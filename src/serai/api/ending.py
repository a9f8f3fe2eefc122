"""The end of a request whose key was revoked or has expired while it was being answered."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from starlette.types import Message, Receive, Scope, Send

from serai.api.gone import GONE, Gone
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
        self._receiving: list[asyncio.Task[Any]] = []

    @property
    def error(self) -> SeraiError:
        hint = "It was revoked, replaced or has expired while it was in use."
        return Unauthenticated("This API key is not valid any more.", hint=hint)

    def end(self) -> None:
        if not self.ended:
            self.ended = True
            for task in self._receiving:
                task.cancel()
            gone: Gone | None = self._scope.get(GONE)
            if gone is not None:
                gone.tell()

    async def or_else(self, receive: Receive, send: Send) -> Message:
        """The client's next message, or that it is gone as soon as the key ends; a WebSocket is told why before."""
        if not self.ended:
            task = asyncio.current_task()
            assert task is not None
            self._receiving.append(task)
            try:
                return await receive()
            except asyncio.CancelledError:
                # Ours only if the key has ended and nobody else cancelled us at the same time.
                if not self.ended or task.uncancel() > 0:
                    raise
            finally:
                self._receiving.remove(task)
        if self._scope["type"] == "websocket":
            await send({"type": "websocket.send", "text": orjson.dumps(self._told()).decode()})
            await send({"type": "websocket.close", "code": _POLICY, "reason": self.error.message})
            return {"type": "websocket.disconnect", "code": _POLICY}
        return {"type": "http.disconnect"}

    def _told(self) -> dict[str, object]:
        return {"type": "error", "error": self.error.as_dict()}
