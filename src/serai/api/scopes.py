"""Who may do what: the one place that authorises. Every route declares a scope; a route without one is never served."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar, cast

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Send
from starlette.types import Scope as Asgi

from serai.api import errors
from serai.errors import Forbidden, Unauthenticated
from serai.types import Principal


class Scope(StrEnum):
    """What a key can be allowed to do. `*` in a key's scopes is all of it."""

    PUBLIC = "public"
    """Needs no key: health, and the page's files, which hold nothing of anybody's."""
    INFER = "infer"
    """Ask models through the OpenAI dialect and the simple chat call."""
    CHAT = "chat"
    """Read and write sessions."""
    MODELS = "models"
    """See, add, load, unload and download models."""
    MONITOR = "monitor"
    """See what is going on: status, events, calls, hardware, logs, metrics."""
    ADMIN = "admin"
    """Settings, secrets and keys."""


PRINCIPAL = "serai.principal"
"""Where the guard leaves the Principal in the ASGI scope; None when no key was shown."""


def authorise(principal: Principal | None, needed: Scope) -> None:
    """Raises Unauthenticated or Forbidden unless the principal may do what needs that scope."""
    if needed is Scope.PUBLIC:
        return
    if principal is None:
        raise Unauthenticated(
            "This server needs an API key.",
            hint="Send `Authorization: Bearer serai-…`. Whoever runs Serai makes keys: `serai keys create NAME`.",
        )
    if not principal.scopes & {"*", needed}:
        raise Forbidden(f"This key may not do that: it lacks the scope {needed.value!r}.", scope=needed.value)


class Guarded(APIRoute):
    """A route that is served only to those who have its scope."""

    needs: ClassVar[Scope]

    async def handle(self, scope: Asgi, receive: Receive, send: Send) -> None:
        authorise(scope.get(PRINCIPAL), self.needs)
        await super().handle(scope, receive, send)


class GuardedWebSocket(WebSocketRoute):
    """The same for a WebSocket; a refusal is an HTTP answer to its handshake."""

    def __init__(self, path: str, endpoint: Any, needs: Scope) -> None:
        super().__init__(path, endpoint)
        self.needs = needs

    async def handle(self, scope: Asgi, receive: Receive, send: Send) -> None:
        authorise(scope.get(PRINCIPAL), self.needs)
        await super().handle(scope, receive, send)


_CLASSES: dict[Scope, type[Guarded]] = {
    scope: cast(type[Guarded], type(f"Guarded{scope.name.title()}", (Guarded,), {"needs": scope})) for scope in Scope
}


def router(needs: Scope, *, prefix: str = "", tag: str | None = None) -> APIRouter:
    """A router whose routes all need that scope."""
    return APIRouter(
        prefix=prefix,
        tags=[tag] if tag else None,
        route_class=_CLASSES[needs],
        responses=errors.DESCRIBED,
        generate_unique_id_function=lambda route: route.name,
    )
