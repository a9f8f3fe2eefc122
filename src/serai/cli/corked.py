"""A connection's way out: all that is written before the loop turns leaves together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any


class Corked:
    """A transport whose pieces need not each cost a system call: an answer's head and its body are one. All but writing
    and closing is the transport's own."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pieces: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Leaves once the loop turns."""
        if not self._pieces:
            self._loop.call_soon(self._uncork)
        self._pieces.append(data)

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
        pieces, self._pieces = self._pieces, []
        if pieces and not self._transport.is_closing():
            self._transport.write(b"".join(pieces))
