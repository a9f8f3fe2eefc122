"""Server-sent events, lean: bytes built by hand, a comment while nothing happens, and an end when the client goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from serai.api.ending import ENDING, Ending
from serai.api.gone import watched

KEEP_ALIVE_S = 15.0

_GATHER = 64
"""So many pieces may wait for a slow reader before their source is held back."""

COMMENT = b": serai\n\n"
"""Readers pass over it; a source may begin with it to have the response's head sent at once."""


_EVENT = {"type": "object", "properties": {name: {"type": "string"} for name in ("event", "data", "id")}}
DESCRIBED: dict[int | str, dict[str, Any]] = {
    200: {"description": "Server-sent events", "content": {"text/event-stream": {"schema": _EVENT}}}
}
"""How the OpenAPI document tells of a stream."""


def event(name: str, data: Any, place: str | int | None = None) -> bytes:
    """One named event with JSON data; `place` is its id, from which a reader can go on."""
    line = b"" if place is None else b"id: %b\n" % str(place).encode()
    return b"%bevent: %b\ndata: %b\n\n" % (line, name.encode(), orjson.dumps(data, default=str))


class EventStream(Response):
    """Sends what a generator of bytes yields; pieces that are ready together leave in one write.

    The generator is closed at once when the client goes away, and always in the end. What it raises before anything
    was sent is raised on, to be answered with its status; later, `failed` makes the stream's last event of it."""

    media_type = "text/event-stream"

    def __init__(
        self,
        source: AsyncGenerator[bytes, None],
        *,
        failed: Callable[[Exception], bytes],
        headers: Mapping[str, str] | None = None,
        keep_alive_s: float | None = None,
    ) -> None:
        self._source = source
        self.failed = failed
        self._keep_alive_s = KEEP_ALIVE_S if keep_alive_s is None else keep_alive_s
        self.status_code = 200
        self.background = None
        self.init_headers({"cache-control": "no-store", "x-accel-buffering": "no", **(headers or {})})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pump = _Pump(self._source, self._keep_alive_s)
        reading = asyncio.create_task(pump.run())
        ending: Ending | None = scope.get(ENDING)
        if ending is not None:
            ending.streams = True
        with watched(receive, lambda: pump.stop(reading, ending)):
            try:
                await self._send(pump, send)
            finally:
                pump.close()
                reading.cancel()
                await asyncio.wait({reading})

    async def _send(self, pump: _Pump, send: Send) -> None:
        started = False
        while (chunk := await pump.take()) is not None:
            if not started:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                started = True
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        if pump.error is not None and not started:
            raise pump.error
        if not started:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        last = b"" if pump.error is None else self.failed(pump.error)
        await send({"type": "http.response.body", "body": last, "more_body": False})


class _Pump:
    """Between the source and the socket. One timer watches a whole answer for silence, not one every piece."""

    def __init__(self, source: AsyncGenerator[bytes, None], keep_alive_s: float) -> None:
        self.error: Exception | None = None
        self._source = source
        self._ready: list[bytes] = []
        self._done = False
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()
        self._silent = False
        self._since = 0.0
        self._keep_alive_s = keep_alive_s
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(keep_alive_s, self._look)

    async def run(self) -> None:
        try:
            async for chunk in self._source:
                self._ready.append(chunk)
                self._filled.set()
                if len(self._ready) >= _GATHER:
                    self._emptied.clear()
                    await self._emptied.wait()
        except Exception as error:
            self.error = error
        finally:
            self._done = True
            self._filled.set()
            await self._source.aclose()

    def stop(self, reading: asyncio.Task[None], ending: Ending | None) -> None:
        """Nobody reads on: the client went away, or its key has ended, which it is told."""
        if ending is not None and ending.ended and not self._done:
            self.error = self.error or ending.error
        reading.cancel()

    async def take(self) -> bytes | None:
        """All that is ready; a comment when nothing comes for a while; None at the end."""
        if not self._ready and not self._done:
            self._filled.clear()
            self._silent, self._since = False, self._loop.time()
            await self._filled.wait()
        if not self._ready:
            return COMMENT if self._silent and not self._done else None
        ready = b"".join(self._ready)
        self._ready.clear()
        self._emptied.set()
        return ready

    def close(self) -> None:
        """Nothing is taken any more."""
        self._timer.cancel()

    def _look(self) -> None:
        """Has its reader waited so long? It does not while the event is set."""
        now = self._loop.time()
        waits = not self._filled.is_set()
        if waits and now >= self._since + self._keep_alive_s:
            self._silent = True
            self._filled.set()
            self._since = now
        after = self._since + self._keep_alive_s if waits else now + self._keep_alive_s
        self._timer = self._loop.call_at(after, self._look)
