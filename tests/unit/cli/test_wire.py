from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from tests.unit.api.conftest import until

from serai.cli import wire

HEAD = b"GET / HTTP/1.1\r\nhost: x\r\n"
GOOD = HEAD + b"\r\n"


@pytest_asyncio.fixture
async def gate() -> asyncio.Event:
    return asyncio.Event()


@pytest_asyncio.fixture
async def port(gate: asyncio.Event) -> AsyncIterator[int]:
    """A server whose answers wait where the gate is asked for."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/slow":
            await gate.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"hi"})

    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", http=wire.Wire)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


async def sent(port: int, *parts: bytes) -> bytes:
    """All that comes back until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()
    return answer


async def test_one_head_after_the_other_is_answered(port: int) -> None:
    last = GOOD.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    assert (await sent(port, GOOD + GOOD + last)).count(b"200 OK") == 3


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"x: " + b"y" * 100_000,
        HEAD + b"x: y\r\n" * 20_000 + b"\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n",
    ],
    ids=["one that does not end", "many", "an address"],
)
async def test_a_large_head_is_refused(port: int, head: bytes) -> None:
    assert (await sent(port, head)).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("begun", [b"", b"GET", HEAD, GOOD + b"G", b"\r\n"])
async def test_a_head_that_does_not_come_is_given_up(port: int, monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    monkeypatch.setattr(wire, "HEAD_S", 0.1)
    assert b"HTTP/1.1 408 " in await sent(port, begun)


async def test_an_answer_under_way_is_not_disturbed_by_what_follows(
    port: int, gate: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "HEAD_S", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(GOOD.replace(b"/ ", b"/slow ") + b"GE")
    asyncio.get_running_loop().call_later(0.3, gate.set)
    answer = await reader.readuntil(b"hi")
    assert answer.startswith(b"HTTP/1.1 200 ")
    writer.close()


async def test_what_is_no_http_is_refused(port: int) -> None:
    assert (await sent(port, b"\x16\x03\x01\x00\xa5\x01")).startswith(b"HTTP/1.1 400 ")
