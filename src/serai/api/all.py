"""All routes of Serai, in one FastAPI application without services: enough to serve them, or to describe them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from starlette.routing import BaseRoute

from serai import __version__
from serai.api import anthropic, errors, huggingface, mirror, native, ollama, openai, page, simple, system
from serai.api.routes import Guarded, GuardedWebSocket


class Described(FastAPI):
    """An application whose OpenAPI document is complete."""

    def openapi(self) -> dict[str, Any]:
        from serai.api.describing.document import complete

        if self.openapi_schema is None:
            self.openapi_schema = complete(super().openapi())
        return self.openapi_schema


def describe(**options: Any) -> FastAPI:
    """`options` are FastAPI's. Raises when a route declares no scope."""
    app = Described(
        title="Serai",
        version=__version__,
        summary="Finds, runs, serves and chats with models.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        **options,
    )
    app.router.routes[:] = [_scoped(route) for route in _routes()]
    errors.install(app)
    return app


def _routes() -> Iterable[BaseRoute]:
    """In the order in which they are tried: the busiest first, the page for all that is left last."""
    # Some of Anthropic's share an address with OpenAI's and are asked first.
    dialects = (*anthropic.routers(), *openai.routers(), simple.routes, *ollama.routers(), *huggingface.routers())
    for routes in (*dialects, system.public, system.watching, *native.routers(), mirror.routes):
        yield from routes.routes
    yield simple.socket
    yield from page.routes.routes


def _scoped(route: BaseRoute) -> BaseRoute:
    if not isinstance(route, Guarded | GuardedWebSocket):
        raise RuntimeError(f"{route} declares no scope, so it would not be guarded.")  # noqa: TRY004
    return route
