"""The bytes of one file for one client, whole in the cache or still arriving."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from serai.hub.faults import Damaged
from serai.hub.mirror.arrival import Arrival
from serai.hub.remote import RemoteFile

_CHUNK = 1 << 20


class Content:
    """`blob` is where the file lies when it is whole; `ranges` whether a part of it may be asked for."""

    def __init__(self, file: RemoteFile, blob: Path, arrival: Arrival | None = None, *, ranges: bool = True) -> None:
        self.file = file
        self.ranges = ranges
        self._blob = blob
        self._arrival = arrival

    async def read(self, begin: int, end: int) -> AsyncIterator[bytes]:
        """Raises, also in the middle, what ended the download, Damaged, and OSError."""
        if begin >= end:
            return
        arrival, turn, ready = self._arrival, 0, self.file.size
        if arrival is not None:
            ready = await arrival.beyond(begin)
            turn = arrival.turn
        opened = await asyncio.to_thread(self._open)
        with opened:
            while begin < end:
                if arrival is not None:
                    ready = await arrival.beyond(begin, turn)
                chunk = await asyncio.to_thread(_read, opened, begin, min(ready, end) - begin)
                if not chunk:
                    raise Damaged(f"{self.file.path} was cut while it was read.", hint="Run `serai verify`.")
                begin += len(chunk)
                yield chunk

    def _open(self) -> BinaryIO:
        partial = self._arrival.place() if self._arrival is not None else None
        if partial is not None:
            try:
                return partial.open("rb", buffering=0)
            except FileNotFoundError:  # it has just become whole
                pass
        return self._blob.open("rb", buffering=0)


def _read(file: BinaryIO, begin: int, count: int) -> bytes:
    file.seek(begin)
    return file.read(min(count, _CHUNK))
