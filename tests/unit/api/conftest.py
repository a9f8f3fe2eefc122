"""The whole application over fake models: in memory, and on loopback where the wire matters."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest_asyncio
import uvicorn
from tests.fakes import services as fakes
from tests.fakes.scripted import ScriptedBackend, Step

from serai.app import build_app
from serai.settings import SettingsFile
from serai.types import Limits, Model
from serai.wiring import build as build_services

URL = "http://127.0.0.1:7372"


class Api(httpx2.AsyncClient):
    """A client of the application, with what lies behind it; `others` are clients that end with it."""

    services: Any
    others: dict[str, Any]

    async def __aexit__(self, *error: Any) -> None:
        for client in self.__dict__.get("others", {}).values():
            await client.close()
        await super().__aexit__(*error)

    @property
    def backend(self) -> ScriptedBackend:
        return self.services.backend  # type: ignore[no-any-return]

    async def session(self, **values: Any) -> str:
        return (await self.post("/api/v1/sessions", json=values)).json()["id"]  # type: ignore[no-any-return]

    async def key(self, *scopes: str, **limits: Any) -> str:
        """A key's plain text."""
        made = await self.services.keys.create("test", scopes=scopes or None, limits=Limits(**limits))
        return made[1]  # type: ignore[no-any-return]

    async def as_key(self, *scopes: str, **limits: Any) -> dict[str, str]:
        """The headers of whoever has a new key."""
        return {"authorization": f"Bearer {await self.key(*scopes, **limits)}"}

    def offer(self, *models: Model) -> None:
        """Has these models, in the store and at the backend."""
        self.backend._models = list(models)
        self.services.store.known = {model.name: model for model in models}

    async def chat(self, **fields: Any) -> httpx2.Response:
        body = {"messages": [{"role": "user", "content": "hi"}], **fields}
        return await self.post("/v1/chat/completions", json=body)


def events(text: str) -> list[tuple[str, Any]]:
    """The named events of a stream of server-sent events."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in fields:
            data = fields["data"]
            found.append((fields.get("event", ""), data if data == "[DONE]" else json.loads(data)))
    return found


async def until(holds: Callable[[], Any], seconds: float = 10.0) -> None:
    """Waits for a condition that no event tells of."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@asynccontextmanager
async def living(app: Any) -> AsyncIterator[None]:
    """Runs the application's lifespan, as a server does."""
    requests: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    answers: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    life = asyncio.create_task(app({"type": "lifespan", "state": {}}, requests.get, answers.put))
    await requests.put({"type": "lifespan.startup"})
    assert (await answers.get())["type"] == "lifespan.startup.complete"
    yield
    await requests.put({"type": "lifespan.shutdown"})
    assert (await answers.get())["type"] == "lifespan.shutdown.complete"
    await life


@pytest_asyncio.fixture
async def make_api(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Makes a client in memory; keywords are settings such as `server_host`, or `environ`."""
    async with AsyncExitStack() as stack:

        async def make(*script: Step, environ: dict[str, str] | None = None, **settings: str) -> Api:
            environ = {**(environ or {}), **{f"SERAI_{name}".upper(): value for name, value in settings.items()}}
            backend = ScriptedBackend(script=script or ("Hello", " there"))
            services = fakes.build(tmp_path, backend, environ)
            app = build_app(services)
            await stack.enter_async_context(living(app))
            transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
            api = await stack.enter_async_context(Api(transport=transport, base_url=URL))
            api.services = services
            return api

        yield make


@pytest_asyncio.fixture
async def api(make_api: Callable[..., Any]) -> Api:
    return await make_api()  # type: ignore[no-any-return]


@asynccontextmanager
async def served(services: Any) -> AsyncIterator[Api]:
    """A real server on loopback, and a client of it."""
    config = uvicorn.Config(build_app(services), port=0, log_config=None, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with Api(base_url=f"http://127.0.0.1:{port}", timeout=60) as api:
            api.services = services
            yield api
    finally:
        services.events.close()
        server.should_exit = True
        await serving


@pytest_asyncio.fixture
async def real(tmp_path: Path) -> AsyncIterator[Api]:
    """A server with everything real, serai-guide included, and an empty home."""
    environ = {
        "HOME": str(tmp_path),
        "HF_HOME": str(tmp_path / "hf"),
        "SERAI_MODELS_PRELOAD": "false",
        "SERAI_MODELS_CONTEXT": "512",
        "SERAI_MODELS_LLAMA_SERVER": "wheel",
        "SERAI_HUB_ADOPT": "false",
    }
    async with served(build_services(SettingsFile(tmp_path / "home", environ))) as api:
        yield api


@pytest_asyncio.fixture
async def make_server(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Makes a client of a real server on loopback."""
    async with AsyncExitStack() as stack:

        async def make(*script: Step, **settings: str) -> Api:
            environ = {f"SERAI_{name}".upper(): value for name, value in settings.items()}
            backend = ScriptedBackend(script=script or ("Hello", " there"))
            services = fakes.build(tmp_path, backend, environ)
            return await stack.enter_async_context(served(services))

        yield make
