"""The guard: pure ASGI, before everything. Host, Origin, size and key of every request; the headers of every answer."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serai.api import envelopes, origins, wishes
from serai.api.credentials import shown
from serai.api.ending import ENDING, Ending
from serai.api.gone import GONE, Gone
from serai.api.gone import Receive as Watched
from serai.api.patience import Patience, TooSlow
from serai.api.scopes import PRINCIPAL
from serai.errors import Internal, SeraiError, TooLarge, Unauthenticated
from serai.settings import Settings
from serai.telemetry import logs, tracing
from serai.types import OWNER, Principal, new_id


class Gate(Protocol):
    """What the guard needs of `accounts.gate.Gate`."""

    async def knows(self, shown: str) -> bool: ...

    async def verify(self, shown: str) -> Principal | None: ...

    def hold(self, shown: str, end: Callable[[], None]) -> AbstractContextManager[None]: ...

    def headers(self, principal: Principal) -> list[tuple[bytes, bytes]]: ...


@dataclass(frozen=True, slots=True)
class Access:
    """What the guard needs to know; read anew at every request, so that changes of the settings hold at once."""

    settings: Callable[[], Settings]
    gate: Gate


class Guard:
    """Wraps the whole application. Lifespan events pass through.

    Whoever comes over a unix socket, or to a server bound to loopback under a loopback name without a proxy between,
    is this Serai's owner, unless they show a key of Serai's or a token; everybody else has to. What a Principal may do
    is decided by the route. What a key has open ends when it is revoked."""

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
            if (trace := request.headers.get(tracing.HEADER)) is not None:
                tracing.hear(trace)
            key = shown(scope, request.headers)
            principal = scope[PRINCIPAL] = await self._who(request, key)
            request.check_length()
            with self._held(request, principal, key):
                gone = scope.get(GONE)
                receive = request.receive if gone is None else Watched(request.receive, gone)
                await self.app(scope, receive, request.send)
        except ClientDisconnect:
            if request.ending.ended:
                await request.refuse(envelopes.answer(scope, request.ending.error))
        except Exception as error:
            await self._fail(request, error)

    async def _who(self, request: _Request, key: str | None) -> Principal | None:
        gate = self._access.gate
        if request.origin.trusted and (key is None or not await gate.knows(key)):
            return OWNER
        if key is None:
            return None
        principal = await gate.verify(key)
        if principal is None:
            hint = "It may have been revoked, replaced or have expired."
            raise Unauthenticated("This API key is not valid.", hint=hint)
        return principal

    def _held(self, request: _Request, principal: Principal | None, key: str | None) -> AbstractContextManager[None]:
        if principal is None or principal is OWNER or key is None:
            return nullcontext()
        request.watch(principal, self._access.gate)
        return self._access.gate.hold(key, request.ending.end)

    async def _fail(self, request: _Request, error: Exception) -> None:
        known = error if isinstance(error, SeraiError) else Internal("Something went wrong inside Serai.")
        if known is not error and not request.ending.ended:
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
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.id = scope[envelopes.REQUEST_ID] = _id(self.headers.get(b"x-request-id", b""))
        self.origin = origins.read(scope, self.headers, settings)
        self.started = False
        self.ended = False
        self.ending = Ending(scope)
        self._told: Callable[[], list[tuple[bytes, bytes]]] = list
        self._receive = receive
        self._send = send
        unbounded = scope["path"].startswith(_UNBOUNDED)
        self._limit = sys.maxsize if unbounded else settings.server.body_limit_mb * 1_000_000
        self._patience = Patience()
        self._cutting = False

    def watch(self, principal: Principal, gate: Gate) -> None:
        """From now on the request ends when its key does, and its answer tells of the key's rates."""
        self.scope[ENDING] = self.ending
        self._told = lambda: gate.headers(principal)

    def check_length(self) -> None:
        length = self.headers.get(b"content-length", b"")
        if length.isdigit() and (len(length) > 18 or int(length) > self._limit):
            raise self._too_large()

    async def receive(self) -> Message:
        """Counts a body of unknown length without keeping it, and waits for it only so long; an app that reads too
        much, or waits too long, sees the client gone."""
        coming = self.ending.or_else(self._receive, self.send) if ENDING in self.scope else self._receive()
        if self.scope["type"] != "http":
            return await coming
        try:
            gone: Gone | None = self.scope.get(GONE)
            message = await self._patience.take(coming, there=gone is not None and gone.asked)
        except TooSlow as error:
            return await self._stop(error)
        return message if self._patience.read <= self._limit else await self._stop(self._too_large())

    async def _stop(self, error: SeraiError) -> Message:
        answer = envelopes.answer(self.scope, error)
        if isinstance(error, TooSlow):
            answer.headers["connection"] = "close"  # else what is left of the body could be waited for without end
        await self.refuse(answer)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if self.ended:
            return
        if self.ending.ended and self.scope["type"] == "http" and not (self.ending.streams or self._cutting):
            await self._cut()
            return
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            self.started = True
            message = {**message, "headers": self._dress(message.get("headers", ()))}
        elif message["type"] == "http.response.body":
            self.ended = not message.get("more_body", False)
        elif message["type"] in ("websocket.accept", "websocket.close"):
            self.started = True
        await self._send(message)

    async def _cut(self) -> None:
        """Nothing more leaves for a key that has ended, but that it has."""
        self._cutting = True
        if self.started:
            raise self.ending.error
        await self.refuse(envelopes.answer(self.scope, self.ending.error))

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
        every = [
            (b"x-request-id", self.id.encode()),
            *_SECURITY,
            *self.origin.cors(),
            *self._told(),
            *wishes.headers(self.scope),
        ]
        return [*headers, *(pair for pair in every if pair[0] not in own)]


_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")


def _id(given: bytes) -> str:
    """The request's id: the one that its sender, or a proxy before, gave it, if it is fit for logs and headers."""
    return given.decode("ascii") if _ID.fullmatch(given) else new_id("req")


_UNBOUNDED = ("/api/blobs/", "/api/v1/batches/files")
"""Whole models come here, to the disk and only from those who may add some; and files of rows, bounded there."""

_SECURITY = [
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]
