"""`huggingface_hub`'s own client against the whole application on loopback, over scripted and over real models."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from huggingface_hub import AsyncInferenceClient, InferenceClient
from tests.fakes.scripted import ScriptedBackend, Step
from tests.fakes.store import FakeStore, gguf_model
from tests.unit.api.conftest import Api

from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool
from serai.hub.store import GUIDE_FILE
from serai.types import Model


class Door:
    """One model's address, and what stands behind it."""

    def __init__(self, api: Api, backend: Any, name: str) -> None:
        self.api = api
        self.backend = backend
        self.name = name
        self.url = f"{str(api.base_url).rstrip('/')}/hf/models/{name}"
        self.client = InferenceClient(model=self.url, token="hf_" + "x" * 20)

    async def ask(self, method: str, *args: Any, **fields: Any) -> Any:
        """Calls the client's method, which waits, in a thread of its own."""
        return await asyncio.to_thread(getattr(self.client, method), *args, **fields)

    async def post(self, path: str = "", **body: Any) -> Any:
        return await self.api.post(f"/hf/models/{self.name}{path}", json=body)

    async def error(self, path: str = "", **body: Any) -> dict[str, Any]:
        response = await self.post(path, **body)
        assert response.status_code == 422, response.text
        assert response.json()["error_type"] == "validation"
        return response.json()  # type: ignore[no-any-return]


@pytest_asyncio.fixture
async def door(make_server: Callable[..., Any]) -> AsyncIterator[Callable[..., Any]]:
    """Makes the door to a scripted model for a task."""

    async def make(task: str, *script: Step, name: str = "org/model", **facts: Any) -> Door:
        api: Api = await make_server()
        model = Model(name=name, task=task, context_length=4096, **facts)
        backend = ScriptedBackend([model], script or ("Hello", " there"), name="other")
        api.services.router.backends.append(backend)
        return Door(api, backend, name)

    yield make


@pytest_asyncio.fixture
async def real(make_server: Callable[..., Any], make_pool: Callable[..., Pool], tiny: Path) -> Callable[[str], Door]:
    """Doors to `guide`, and to `tiny`, which never ends by itself."""
    api: Api = await make_server()
    backend = LocalBackend(FakeStore(gguf_model(GUIDE_FILE, "guide"), gguf_model(tiny)), make_pool())
    api.services.router.backends.append(backend)
    return lambda name: Door(api, backend, name)


@pytest.fixture
def asynchronous() -> Callable[[Door], AsyncInferenceClient]:
    return lambda door: AsyncInferenceClient(model=door.url, token="hf_" + "x" * 20)
