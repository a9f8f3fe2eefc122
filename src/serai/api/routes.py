"""Routes that are guarded: each declares the scope it needs, and one without is never served."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Send
from starlette.types import Scope as Asgi

from serai.api import errors
from serai.api.scopes import PRINCIPAL, Scope, authorise, dialects


class Guarded(APIRoute):
    """A route that is served only to those who have its scope."""

    needs: ClassVar[Scope]
    speaks: ClassVar[frozenset[str]]

    async def handle(self, scope: Asgi, receive: Receive, send: Send) -> None:
        authorise(scope.get(PRINCIPAL), self.needs, self.speaks)
        if _FORM in scope["headers"]:
            scope["headers"] = [_JSON if header == _FORM else header for header in scope["headers"]]
        await super().handle(scope, receive, send)


# No route takes a form, but `curl -d` says that its JSON is one. What a foreign page could forge this way is refused
# by its Origin.
_FORM = (b"content-type", b"application/x-www-form-urlencoded")
_JSON = (b"content-type", b"application/json")


class Direct(Guarded):
    """For the busiest paths: the endpoint takes the request and gives the response, with nothing between."""

    async def handle(self, scope: Asgi, receive: Receive, send: Send) -> None:
        if scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        authorise(scope.get(PRINCIPAL), self.needs, self.speaks)
        response: Response = await self.endpoint(Request(scope, receive, send))
        await response(scope, receive, send)


class GuardedWebSocket(WebSocketRoute):
    """The same for a WebSocket; a refusal is an HTTP answer to its handshake."""

    def __init__(self, path: str, endpoint: Any, needs: Scope) -> None:
        super().__init__(path, endpoint)
        self.needs = needs
        self.speaks = dialects(None)

    async def handle(self, scope: Asgi, receive: Receive, send: Send) -> None:
        authorise(scope.get(PRINCIPAL), self.needs, self.speaks)
        await super().handle(scope, receive, send)


def router(needs: Scope, *, prefix: str = "", tag: str | None = None, kind: type[Guarded] = Guarded) -> APIRouter:
    """A router whose routes all need that scope."""
    return APIRouter(
        prefix=prefix,
        tags=[tag] if tag else None,
        route_class=cast(type[Guarded], type(kind.__name__, (kind,), {"needs": needs, "speaks": dialects(tag)})),
        strict_content_type=False,
        responses=errors.DESCRIBED,
        generate_unique_id_function=lambda route: route.name,
    )
