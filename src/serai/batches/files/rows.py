"""The rows of a job that are not done yet, read a few at a time beside the loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from serai.batches.files import sheet
from serai.batches.files.answers import Numbers
from serai.batches.files.sheet import Kind, Row

_AHEAD = 8


class Rows:
    """Several may ask for the next one at the same time. Close it."""

    def __init__(self, files: Sequence[tuple[Path, Kind]], done: Numbers, most: int) -> None:
        self._source = sheet.rows(files)
        self._left = (row for row in islice(self._source, most) if row.number not in done)
        self._ready: deque[Row] = deque()
        self._reading: asyncio.Future[list[Row]] | None = None
        self._lock = asyncio.Lock()

    async def next(self) -> Row | None:
        """None at the end. Raises as `sheet.rows` does."""
        async with self._lock:
            if not self._ready:
                self._reading = asyncio.ensure_future(asyncio.to_thread(self._read))
                self._ready.extend(await asyncio.shield(self._reading))
            return self._ready.popleft() if self._ready else None

    async def close(self) -> None:
        """Waits for what is being read: a thread cannot be stopped."""
        if self._reading is not None:
            await asyncio.wait([self._reading])
        await asyncio.to_thread(self._source.close)

    def _read(self) -> list[Row]:
        return list(islice(self._left, _AHEAD))
