from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from serai.api.sse import COMMENT, EventStream, event


class Wire:
    """The server's side of one request: what was sent, and the client's going."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.gone = asyncio.Event()
        self.full = asyncio.Event()
        self.full.set()

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        await self.full.wait()
        self.sent.append(message)

    @property
    def bodies(self) -> list[bytes]:
        return [message["body"] for message in self.sent if message["type"] == "http.response.body"]


class Source:
    """Yields its chunks, waits at a gate, and says when it was closed."""

    def __init__(self, *steps: bytes | asyncio.Event | Exception) -> None:
        self.steps = steps
        self.taken = 0
        self.closed = asyncio.Event()

    async def stream(self) -> AsyncGenerator[bytes, None]:
        try:
            for step in self.steps:
                if isinstance(step, asyncio.Event):
                    await step.wait()
                elif isinstance(step, Exception):
                    raise step
                else:
                    self.taken += 1
                    yield step
        finally:
            self.closed.set()


def failed(error: Exception) -> bytes:
    return f"failed: {error}".encode()


def respond(source: Source, wire: Wire, keep_alive_s: float = 60) -> asyncio.Task[None]:
    stream = EventStream(source.stream(), failed=failed, keep_alive_s=keep_alive_s)
    return asyncio.create_task(stream({"type": "http"}, wire.receive, wire.send))


def test_an_event() -> None:
    assert event("piece", {"text": "سلام\n"}, 5) == 'id: 5\nevent: piece\ndata: {"text":"سلام\\n"}\n\n'.encode()
    assert event("end", {}) == b"event: end\ndata: {}\n\n"


async def test_what_is_ready_together_leaves_together() -> None:
    wire, source = Wire(), Source(b"a", b"b", b"c")
    await respond(source, wire)
    assert wire.bodies == [b"abc", b""]
    assert wire.sent[0]["status"] == 200


async def test_a_comment_while_nothing_happens() -> None:
    wire, gate = Wire(), asyncio.Event()
    running = respond(Source(gate, b"a"), wire, keep_alive_s=0.01)
    async with asyncio.timeout(5):
        while len(wire.bodies) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    gate.set()
    await running
    assert wire.bodies[:2] == [COMMENT, COMMENT]
    assert wire.bodies[-2:] == [b"a", b""]


async def test_an_error_before_anything_was_sent_is_raised() -> None:
    wire = Wire()
    with pytest.raises(ValueError, match="early"):
        await respond(Source(ValueError("early")), wire)
    assert wire.sent == []


async def test_a_later_error_is_the_last_event() -> None:
    wire, gate = Wire(), asyncio.Event()
    running = respond(Source(b"a", gate, ValueError("late")), wire)
    gate.set()
    await running
    assert wire.bodies[-1] == b"failed: late"
    assert wire.sent[-1]["more_body"] is False


async def test_the_source_is_closed_when_the_client_goes() -> None:
    wire, source = Wire(), Source(b"a", asyncio.Event())
    running = respond(source, wire)
    await asyncio.sleep(0)
    wire.gone.set()
    async with asyncio.timeout(5):
        await source.closed.wait()
        await running


async def test_the_source_is_closed_when_the_server_stops() -> None:
    wire, source = Wire(), Source(b"a", asyncio.Event())
    running = respond(source, wire)
    async with asyncio.timeout(5):
        while not wire.bodies:  # noqa: ASYNC110
            await asyncio.sleep(0)
        running.cancel()
        await source.closed.wait()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_slow_reader_holds_the_source_back() -> None:
    wire, source = Wire(), Source(*[b"x"] * 10_000)
    wire.full.clear()
    running = respond(source, wire)
    for _ in range(100):
        await asyncio.sleep(0)
    assert source.taken < 200
    wire.full.set()
    await running
    assert sum(map(len, wire.bodies)) == 10_000
