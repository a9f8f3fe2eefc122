"""The official client against the whole application on loopback, over scripted and over real models."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import openai
import pytest_asyncio
from tests.fakes.store import FakeStore, gguf_model
from tests.unit.api.conftest import Api

from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool
from serai.hub.store import GUIDE_FILE


@pytest_asyncio.fixture
async def make_client(make_server: Callable[..., Any]) -> AsyncIterator[Callable[..., Any]]:
    """Makes a client of a real server; `client.api` is what lies behind it."""
    async with AsyncExitStack() as stack:

        async def make(*script: Any, **settings: str) -> Any:
            api: Api = await make_server(*script, **settings)
            client = openai.AsyncOpenAI(base_url=str(api.base_url).rstrip("/") + "/v1", api_key="any", max_retries=0)
            await stack.enter_async_context(client)
            client.api = api  # type: ignore[attr-defined]
            return client

        yield make


@pytest_asyncio.fixture
async def client(make_client: Callable[..., Any]) -> Any:
    return await make_client()


@pytest_asyncio.fixture
async def real(make_client: Callable[..., Any], make_pool: Callable[..., Pool], tiny: Path) -> Any:
    """A client of a server with real models: `guide`, and `tiny`, which never ends by itself."""
    client = await make_client()
    store = FakeStore(gguf_model(GUIDE_FILE, "guide"), gguf_model(tiny))
    client.api.services.router.backends.append(LocalBackend(store, make_pool()))
    return client
