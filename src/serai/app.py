"""The application: routers, the guard before them, and the services' life around it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.routing import BaseRoute

from serai import api
from serai.api import errors
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
            await services.close()

    app = describe(lifespan=life)
    app.state.services = services
    return Guard(app, Access(lambda: services.settings, services.keys.verify))


def describe(**options: Any) -> FastAPI:
    """All routes, without services: enough for the OpenAPI document. Raises when a route declares no scope."""
    app = FastAPI(
        title="Serai",
        version=api.version(),
        summary="Finds, runs, serves and chats with models.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        **options,
    )
    app.router.routes[:] = [_scoped(route) for route in api.routes()]
    errors.install(app)
    return app


def _scoped(route: BaseRoute) -> BaseRoute:
    if not isinstance(route, Guarded | GuardedWebSocket):
        raise RuntimeError(f"{route} declares no scope, so it would not be guarded.")  # noqa: TRY004
    return route
