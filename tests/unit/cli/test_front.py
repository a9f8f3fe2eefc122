from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from serai.cli.front import Front


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers everything with 200, and its lifespan."""
    if scope["type"] == "lifespan":
        for word in ("startup", "shutdown"):
            assert await receive() == {"type": f"lifespan.{word}"}
            scope["state"][word] = True
            await send({"type": f"lifespan.{word}.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"app"})


async def nothing() -> None: ...


@asynccontextmanager
async def living(front: Front) -> AsyncIterator[httpx2.AsyncClient]:
    """The front as uvicorn would run it."""
    incoming: asyncio.Queue[Any] = asyncio.Queue()
    outgoing: asyncio.Queue[Any] = asyncio.Queue()
    life = asyncio.create_task(front({"type": "lifespan"}, incoming.get, outgoing.put))
    await incoming.put({"type": "lifespan.startup"})
    assert (await outgoing.get())["type"] == "lifespan.startup.complete"
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(front), base_url="http://x") as client:
        yield client
    await incoming.put({"type": "lifespan.shutdown"})
    assert (await outgoing.get())["type"] == "lifespan.shutdown.complete"
    await life


async def test_it_is_alive_while_the_app_is_built_and_others_wait() -> None:
    built, ready = threading.Event(), asyncio.Event()
    failures: list[BaseException] = []

    def build() -> Any:
        built.wait()
        return app

    async def on_ready() -> None:
        ready.set()

    async with living(Front(build, before=nothing, on_ready=on_ready, failed=failures.append)) as client:
        assert (await client.get("/health")).json() == {"status": "ok"}
        waiting = asyncio.create_task(client.get("/other"))
        assert not (await asyncio.wait({waiting}, timeout=0.05))[0]
        built.set()
        assert (await waiting).text == "app"
        await ready.wait()
        assert (await client.get("/health")).text == "app"
    assert failures == []


@pytest.mark.parametrize("stage", ["build", "before", "startup", "ready"])
async def test_what_keeps_it_from_starting_is_told(stage: str) -> None:
    failed = asyncio.Event()
    failures: list[BaseException] = []

    def fail(error: BaseException) -> None:
        failures.append(error)
        failed.set()

    def at(name: str) -> None:
        if name == stage:
            raise ValueError(name)

    async def before() -> None:
        at("before")

    async def on_ready() -> None:
        at("ready")

    async def fragile(scope: Any, receive: Any, send: Any) -> None:
        at("startup")
        await app(scope, receive, send)

    def build() -> Any:
        at("build")
        return fragile

    async with living(Front(build, before=before, on_ready=on_ready, failed=fail)) as client:
        await failed.wait()
        assert (await client.get("/other")).status_code == (200 if stage == "ready" else 503)
    assert [str(error) for error in failures] == [stage]
