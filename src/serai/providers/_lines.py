"""Reads what a service sends with bounds: no line without end, no body that fills the memory, no silence for ever."""

from __future__ import annotations

import asyncio

import aiohttp

from serai.errors import ModelFailed

LONGEST_LINE = 4 * 1024 * 1024
MOST = 64 * 1024 * 1024
_CHUNK = 1 << 16
_LOOK_S = 0.05
"""How exact the patience is with a service whose reader was slow."""


class Lines:
    """The bytes of a streamed answer as they come, to be read by `async for`. Raises TimeoutError when no line has
    ended for so long, however many bytes came, and ModelFailed for a line that is too long. One timer watches a whole
    answer, not one every piece; the time that the reader takes does not count."""

    def __init__(self, content: aiohttp.StreamReader, service: str, patience_s: float) -> None:
        self._content = content
        self._service = service
        self._patience_s = patience_s
        self._length = 0
        self._reading = False
        self._anew = True
        self._due = 0.0
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def __aiter__(self) -> Lines:
        return self

    async def __anext__(self) -> bytes:
        if self._anew:
            self._due = self._loop.time() + self._patience_s
        if self._timer is None:
            self._timer = self._loop.call_at(self._due, self._look)
        self._reading = True
        chunk = await self._content.readany()
        self._reading = False
        if not chunk:
            await self.aclose()
            raise StopAsyncIteration
        end = chunk.rfind(b"\n")
        self._length = self._length + len(chunk) if end < 0 else len(chunk) - end - 1
        if max(self._length, end) > LONGEST_LINE:
            raise ModelFailed(f"{self._service} sent a line without end.", hint="Try again.", who=self._service)
        self._anew = end >= 0
        return chunk

    async def aclose(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        now = self._loop.time()
        if self._reading and now >= self._due:
            self._content.set_exception(TimeoutError())
        else:
            self._timer = self._loop.call_at(max(self._due, now + _LOOK_S), self._look)


async def whole(response: aiohttp.ClientResponse, service: str, most: int = MOST) -> bytes:
    """All of a body. Raises ModelFailed when it is too large."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > most:
            raise ModelFailed(f"{service} sent more than {most / 1e6:.0f} MB.", hint="Ask for less.", who=service)
    return bytes(body)
