"""The application: routes, the guard before them, and the services' life around it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.routing import BaseRoute

from serai import __version__
from serai.api import errors, native, openai, page, simple, system
from serai.api.background import Background
from serai.api.guard import Access, Guard
from serai.api.scopes import Guarded, GuardedWebSocket

if TYPE_CHECKING:
    from serai.services import Services


def build_app(services: Services) -> Guard:
    """The ASGI application of these services; its lifespan starts and closes them."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncGenerator[None, None]:
        await services.start()
        try:
            yield
        finally:
            await app.state.background.close()
            await services.close()

    app = describe(lifespan=life)
    app.state.services = services
    app.state.background = Background()
    return Guard(app, Access(lambda: services.settings, services.keys.verify))


def describe(**options: Any) -> FastAPI:
    """All routes, without services: enough for the OpenAPI document. Raises when a route declares no scope."""
    app = FastAPI(
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
    for routes in (*openai.routers(), system.public, system.watching, simple.routes, *native.routers()):
        yield from routes.routes
    yield simple.socket
    yield from page.routes.routes


def _scoped(route: BaseRoute) -> BaseRoute:
    if not isinstance(route, Guarded | GuardedWebSocket):
        raise RuntimeError(f"{route} declares no scope, so it would not be guarded.")  # noqa: TRY004
    return route
