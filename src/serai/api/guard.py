"""The guard: pure ASGI, before everything. Host, Origin, size and key of every request; the headers of every answer."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serai.api import envelopes, origins
from serai.api.scopes import PRINCIPAL
from serai.errors import Internal, SeraiError, TooLarge, Unauthenticated
from serai.settings import Settings
from serai.telemetry import logs
from serai.types import OWNER, Principal, new_id

Verify = Callable[[str], Awaitable[Principal | None]]


@dataclass(frozen=True, slots=True)
class Access:
    """What the guard needs to know; read anew at every request, so that changes of the settings hold at once."""

    settings: Callable[[], Settings]
    verify: Verify


class Guard:
    """Wraps the whole application. Lifespan events pass through.

    Whoever comes over a unix socket, or to a server bound to loopback under a loopback name without a proxy between,
    is this Serai's owner; everybody else shows a key. What a Principal may do is decided by the route."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app = app
        self._access = access
        self._log = logs.get("server")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        request = _Request(scope, receive, send, self._access.settings())
        try:
            origins.check(request.origin, request.settings)
            if request.origin.preflight:
                await request.refuse(Response(status_code=204))
                return
            scope[PRINCIPAL] = await self._who(request)
            request.check_length()
            await self.app(scope, request.receive, request.send)
        except ClientDisconnect:
            return
        except Exception as error:
            await self._fail(request, error)

    async def _who(self, request: _Request) -> Principal | None:
        if request.origin.trusted:
            return OWNER
        key = request.key()
        if key is None:
            return None
        principal = await self._access.verify(key)
        if principal is None:
            raise Unauthenticated("This API key is not valid.", hint="It may have been revoked or have expired.")
        return principal

    async def _fail(self, request: _Request, error: Exception) -> None:
        known = error if isinstance(error, SeraiError) else Internal("Something went wrong inside Serai.")
        if known is not error:
            self._log.error("request %s failed", request.id, exc_info=error)
        if not request.started:
            await request.refuse(envelopes.answer(request.scope, known))
        elif request.scope["type"] == "http" and not request.ended:
            # The client must not take half an answer for a whole one: uvicorn closes the connection.
            raise error


class _Request:
    """One request's two ends, watched."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, settings: Settings) -> None:
        self.scope = scope
        self.settings = settings
        self.id = scope[envelopes.REQUEST_ID] = new_id("req")
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.origin = origins.read(scope, self.headers, settings)
        self.started = False
        self.ended = False
        self._receive = receive
        self._send = send
        unbounded = scope["path"].startswith(_UNBOUNDED)
        self._limit = sys.maxsize if unbounded else settings.server.body_limit_mb * 1_000_000
        self._read = 0
        self._whole = False
        self._began = 0.0

    def key(self) -> str | None:
        """The API key that was shown: as OpenAI's and Anthropic's clients do, or as a browser's WebSocket can."""
        kind, _, value = self.headers.get(b"authorization", b"").partition(b" ")
        if kind.lower() == b"bearer" and value:
            return value.strip().decode("latin-1")
        if key := self.headers.get(b"x-api-key"):
            return key.decode("latin-1")
        offered = self.headers.get(b"sec-websocket-protocol", b"").decode("latin-1").split(",")
        return next((p.strip().removeprefix(KEY_PROTOCOL) for p in offered if p.strip().startswith(KEY_PROTOCOL)), None)

    def check_length(self) -> None:
        length = self.headers.get(b"content-length", b"")
        if length.isdigit() and (len(length) > 18 or int(length) > self._limit):
            raise self._too_large()

    async def receive(self) -> Message:
        """Counts a body of unknown length without keeping it, and waits for a slow one only so long; an app that reads
        too much, or waits too long, sees the client gone."""
        if self._whole:
            return await self._receive()
        self._began = self._began or time.monotonic()
        try:
            async with asyncio.timeout(self._patience()):
                message = await self._receive()
        except TimeoutError:
            return await self._stop(TooSlow("The body did not come in time.", hint="Send it again."))
        if message["type"] == "http.request":
            self._whole = not message.get("more_body", False)
            self._read += len(message.get("body", b""))
            if self._read > self._limit:
                return await self._stop(self._too_large())
        return message

    def _patience(self) -> float | None:
        """How long to wait for more: a client that says nothing is given up, and one that trickles."""
        if self.scope["type"] != "http":
            return None
        owed = self._began + BODY_S + self._read / _LEAST_RATE - time.monotonic()
        return max(0.0, min(BODY_S, owed))

    async def _stop(self, error: SeraiError) -> Message:
        answer = envelopes.answer(self.scope, error)
        if isinstance(error, TooSlow):
            answer.headers["connection"] = "close"  # else what is left of the body could be waited for without end
        await self.refuse(answer)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if self.ended:
            return
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            self.started = True
            message = {**message, "headers": self._dress(message.get("headers", ()))}
        elif message["type"] == "http.response.body":
            self.ended = not message.get("more_body", False)
        elif message["type"] in ("websocket.accept", "websocket.close"):
            self.started = True
        await self._send(message)

    async def refuse(self, response: Response) -> None:
        if not self.started:
            await response(self.scope, self._receive, self.send)

    def _too_large(self) -> SeraiError:
        limit = self.settings.server.body_limit_mb
        hint = "The setting server.body_limit_mb can raise the limit."
        return TooLarge(f"The body is larger than {limit} MB.", hint=hint, limit_mb=limit)

    def _dress(self, headers: Any) -> list[tuple[bytes, bytes]]:
        """The answer's headers and those that every answer has; what it sets itself stays."""
        own = {name.lower() for name, _ in headers}
        every = [(b"x-request-id", self.id.encode()), *_SECURITY, *self.origin.cors()]
        return [*headers, *(pair for pair in every if pair[0] not in own)]


class TooSlow(SeraiError):
    """The asker's side of the connection is too slow, or gone without a word."""

    status = 408
    code = "too_slow"
    who = "you"


BODY_S = 30.0
"""So long a body may pause; and it may take so long altogether, and a second more for each ..."""

_LEAST_RATE = 10_000
"""... so many bytes of it."""

_UNBOUNDED = ("/api/blobs/",)
"""Whole models come here, to the disk and only from those who may add some."""

KEY_PROTOCOL = "serai-key."
"""A browser cannot set headers on a WebSocket; it offers the subprotocol `serai-key.<key>` instead."""

_SECURITY = [
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]
