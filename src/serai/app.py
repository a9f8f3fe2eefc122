"""The application: the guard, the services' life, and behind them the routes.

Routes are the heaviest thing to build, so they are built in a thread while the server already listens; `/health` does
not wait for them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from serai.api.background import Background
from serai.api.guard import Access, Guard
from serai.telemetry import logs

if TYPE_CHECKING:
    from serai.services import Services


def build_app(services: Services) -> Guard:
    """The ASGI application of these services; its lifespan starts and closes them."""
    return Guard(Application(services), Access(lambda: services.settings, services.keys.verify))


class Application:
    """What the guard lets in comes here."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._background = Background()
        self._routes: asyncio.Task[ASGIApp] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["path"] == "/health" and (self._routes is None or not self._routes.done()):
            await JSONResponse({"status": "ok"})(scope, receive, send)
        else:
            routes = await asyncio.shield(self._built())
            await routes(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """The ASGI lifespan."""
        await receive()
        self._built()
        try:
            await self._services.start()
        except Exception as error:
            logs.get("server").exception("Serai could not start")
            await self._services.close()
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._background.close()
        await self._services.close()
        await send({"type": "lifespan.shutdown.complete"})

    def _built(self) -> asyncio.Task[ASGIApp]:
        if self._routes is None:
            self._routes = asyncio.create_task(asyncio.to_thread(self._build))
        return self._routes

    def _build(self) -> ASGIApp:
        from serai.api.all import describe

        app = describe()
        app.state.services = self._services
        app.state.background = self._background
        return app
