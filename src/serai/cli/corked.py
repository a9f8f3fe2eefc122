"""A connection's way out: all that is written before the loop turns leaves together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

_MUCH = 1 << 16


class Corked:
    """A transport whose pieces need not each cost a system call: an answer's head and its body are one. All but writing
    and closing is the transport's own."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pieces: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Leaves once the loop turns, or there is much of it: whoever writes without end must hear when to wait."""
        if not self._pieces:
            self._loop.call_soon(self._uncork)
        self._pieces.append(data)
        self._size += len(data)
        if self._size >= _MUCH:
            self._uncork()

    def writelines(self, pieces: Iterable[bytes]) -> None:
        self.write(b"".join(pieces))

    def write_eof(self) -> None:
        """After all that was written."""
        self._uncork()
        self._transport.write_eof()

    def close(self) -> None:
        """After all that was written."""
        self._uncork()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def _uncork(self) -> None:
        pieces, self._pieces, self._size = self._pieces, [], 0
        if pieces and not self._transport.is_closing():
            self._transport.write(b"".join(pieces))
