"""A service opened before its twin, and calls to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.fakes.service import KEY, MODEL, FakeService

from serai.backend import Backend, collect
from serai.providers.declaration import ProviderConfig, open_backend
from serai.types import CHAT, Call, Result


@asynccontextmanager
async def opened(url: str, kind: str = "openai", keys: tuple[str, ...] = (KEY,), **more: Any) -> AsyncIterator[Backend]:
    """A service called `shore`."""
    backend = open_backend(kind, ProviderConfig("shore", url, keys, **more))
    try:
        yield backend
    finally:
        await backend.close()


def chat(text: str = "hello", model: str = f"shore/{MODEL}", **settings: Any) -> Call:
    return Call(task=CHAT, model=model, inputs={"messages": [{"role": "user", "content": text}]}, settings=settings)


async def ask(service: FakeService, call: Call | None = None, **more: Any) -> Result:
    """One call to a service that is opened for it alone."""
    async with opened(service.url, **more) as backend:
        return await collect(backend.run(call or chat(max_tokens=3)))
