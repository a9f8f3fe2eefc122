"""Endpoints before their twin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from tests.fakes.endpoints import TOKEN, FakeManagement, managing

from serai.providers.endpoints import opening
from serai.providers.endpoints.endpoints import Endpoints
from serai.settings import Hub


class Set:
    """A room with its twin; `token` is the hub's, `hub` its settings."""

    def __init__(self, twin: FakeManagement) -> None:
        self.twin = twin
        self.token: str | None = TOKEN
        self.hub = Hub(endpoint=twin.url, endpoints=twin.api)
        self.providers: Any = None
        self.room: Endpoints = opening.build(lambda: self.hub, self._told, lambda: self.providers)

    async def _told(self) -> str | None:
        return self.token


@pytest_asyncio.fixture
async def there() -> AsyncIterator[Set]:
    async with managing() as twin:
        made = Set(twin)
        yield made
        await made.room.close()
