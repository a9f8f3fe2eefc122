"""Reads what a service sends with bounds: no line without end, no body that fills the memory, no silence for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import aiohttp

from serai.errors import ModelFailed

LONGEST_LINE = 4 * 1024 * 1024
MOST = 64 * 1024 * 1024
_CHUNK = 1 << 16


async def lines(content: aiohttp.StreamReader, service: str, patience_s: float) -> AsyncGenerator[bytes, None]:
    """The bytes as they come. Raises TimeoutError when no line has ended for so long, however many bytes came, and
    ModelFailed for a line that is too long."""
    loop = asyncio.get_running_loop()
    due, length = loop.time() + patience_s, 0
    while True:
        async with asyncio.timeout_at(due):
            chunk = await content.readany()
        if not chunk:
            return
        end = chunk.rfind(b"\n")
        if end >= 0:
            due = loop.time() + patience_s
        length = length + len(chunk) if end < 0 else len(chunk) - end - 1
        if max(length, end) > LONGEST_LINE:
            raise ModelFailed(f"{service} sent a line without end.", hint="Try again.", who=service)
        yield chunk


async def whole(response: aiohttp.ClientResponse, service: str, most: int = MOST) -> bytes:
    """All of a body. Raises ModelFailed when it is too large."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > most:
            raise ModelFailed(f"{service} sent more than {most / 1e6:.0f} MB.", hint="Ask for less.", who=service)
    return bytes(body)
