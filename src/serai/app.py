"""The application: the routes, the guard before them, and the services' life around both."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from fastapi import FastAPI

from serai.api.all import describe
from serai.api.background import Background
from serai.api.busiest import Busiest
from serai.api.guard import Access, Guard
from serai.api.openai.batch_answers import answered

if TYPE_CHECKING:
    from serai.services import Services


def build_app(services: Services) -> Guard:
    """The ASGI application of these services; its lifespan starts and closes them."""
    background = Background()

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncGenerator[None, None]:
        await services.start()
        try:
            yield
        finally:
            await background.close()
            await services.close()

    services.batches.use(partial(answered, services))
    app = describe(lifespan=life)
    app.state.services = services
    app.state.background = background
    return Guard(Busiest(app), Access(lambda: services.settings, services.gate))
