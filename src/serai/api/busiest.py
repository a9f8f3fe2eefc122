"""The way past the framework for the busiest addresses: a table instead of one route after the other, and nothing
between the guard and them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from serai.api import errors
from serai.api.routes import Direct


class Busiest:
    """The application, whose `Direct` routes with an address of their own are found at once. Errors that they raise
    become Serai's, for the guard to answer."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._table = table(app.routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._table.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None or scope.get("root_path"):
            await self._app(scope, receive, send)
            return
        scope["app"] = self._app
        try:
            await route.handle(scope, receive, send)
        except (HTTPException, RequestValidationError) as error:
            raise errors.understood(error) from error


def table(routes: Sequence[BaseRoute]) -> Mapping[tuple[str, str], Direct]:
    """By method and path, those that no route before them could take."""
    found: dict[tuple[str, str], Direct] = {}
    before: list[BaseRoute] = []
    for route in routes:
        if isinstance(route, Direct) and not route.param_convertors and not _taken(route.path, before):
            found |= {(method, route.path): route for method in route.methods or ()}
        before.append(route)
    return found


def _taken(path: str, routes: Sequence[BaseRoute]) -> bool:
    patterns = (getattr(route, "path_regex", None) for route in routes)
    return any(pattern is None or pattern.match(path) for pattern in patterns)
