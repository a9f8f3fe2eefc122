"""Reads what a service sends with bounds: no line without end, no body that fills the memory, no silence for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import aiohttp

from serai.errors import ModelFailed

LONGEST_LINE = 4 * 1024 * 1024
MOST = 64 * 1024 * 1024
_CHUNK = 1 << 16
_LOOK_S = 0.05
"""How exact the patience is with a service whose reader was slow."""


async def lines(content: aiohttp.StreamReader, service: str, patience_s: float) -> AsyncGenerator[bytes, None]:
    """The bytes as they come. Raises TimeoutError when no line has ended for so long, however many bytes came, and
    ModelFailed for a line that is too long."""
    watch, length = _Watch(content, patience_s), 0
    try:
        while chunk := await content.readany():
            end = chunk.rfind(b"\n")
            length = length + len(chunk) if end < 0 else len(chunk) - end - 1
            if max(length, end) > LONGEST_LINE:
                raise ModelFailed(f"{service} sent a line without end.", hint="Try again.", who=service)
            watch.reading = False
            yield chunk
            watch.go_on(anew=end >= 0)
    finally:
        watch.stop()


class _Watch:
    """Ends the wait for a line that does not come: one timer for a whole answer, not one for every piece. The time
    that the reader takes does not count."""

    def __init__(self, content: aiohttp.StreamReader, patience_s: float) -> None:
        self.reading = True
        self._loop = asyncio.get_running_loop()
        self._content = content
        self._patience_s = patience_s
        self._due = self._loop.time() + patience_s
        self._timer = self._loop.call_at(self._due, self._look)

    def go_on(self, *, anew: bool) -> None:
        """It is waited again: for the rest of a line, or for a new one."""
        self.reading = True
        if anew:
            self._due = self._loop.time() + self._patience_s

    def stop(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        now = self._loop.time()
        if self.reading and now >= self._due:
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
