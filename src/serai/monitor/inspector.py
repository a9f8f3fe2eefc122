"""The inspector: while it is on, the words of calls lie in files that only their owner can read, for some hours."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import threading
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import orjson

from serai.monitor.levels import HOUR
from serai.monitor.words import Words, may_be_kept
from serai.settings import Monitor
from serai.telemetry import logs
from serai.types import Call, Delta

MOST_BYTES = 200_000_000
"""Beyond it the oldest are deleted before their time."""

_ID = re.compile(r"call_[0-9a-f]{12,40}")
_AT_ONCE = 64
"""Calls whose words may wait for the disk; those of more are not kept."""

_log = logs.get("monitor")
Stream = AsyncGenerator[Delta, None]


class Inspector:
    """`also` is handed the words where `wants` says so: traces may carry them."""

    def __init__(self, folder: Path, settings: Callable[[], Monitor]) -> None:
        self._folder = folder
        self._settings = settings
        self._door = threading.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._also: Callable[[Call, Words], None] | None = None

    def use(self, also: Callable[[Call, Words], None]) -> None:
        """Someone else who is told of a call's words when it ends, while `monitor.otel_words` is on."""
        self._also = also

    def overhears(self, call: Call, stream: Stream) -> Stream:
        """The stream itself; while words are kept, one that is listened to."""
        settings = self._settings()
        if not (settings.inspect or (self._also is not None and settings.otel_words)) or not may_be_kept(call):
            return stream
        return self._overheard(call, stream)

    async def read(self, call_id: str) -> dict[str, Any] | None:
        """What was said in a call; None where it was not kept, or not to this day."""
        if not self._settings().inspect or not _ID.fullmatch(call_id):
            return None
        return await asyncio.to_thread(self._read, call_id)

    async def tidy(self) -> None:
        """Deletes what is too old or too much, or everything while the inspector is off."""
        await asyncio.to_thread(self._tidy)

    async def close(self) -> None:
        """Waits for what is being written. May be called twice."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _overheard(self, call: Call, stream: Stream) -> Stream:
        words = Words()
        try:
            async with contextlib.aclosing(stream):
                async for delta in stream:
                    words.hear(delta)
                    yield delta
        finally:
            self._ended(call, words)

    def _ended(self, call: Call, words: Words) -> None:
        settings = self._settings()
        if self._also is not None and settings.otel_words:
            self._also(call, words)
        if settings.inspect and len(self._tasks) < _AT_ONCE:
            task = asyncio.get_running_loop().create_task(asyncio.to_thread(self._keep, call, words))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _keep(self, call: Call, words: Words) -> None:
        if not _ID.fullmatch(call.id):
            return
        expires = time.time() + self._settings().inspect_hours * HOUR
        content = orjson.dumps({**words.whole(call), "expires_at": expires}, default=str)
        try:
            with self._door:
                if not self._settings().inspect:  # it was switched off meanwhile
                    return
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                handle = os.open(self._path(call.id), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
        except OSError as error:
            _log.warning("The words of a call could not be kept: %s", error.strerror)

    def _read(self, call_id: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = orjson.loads(self._path(call_id).read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return None
        return found if found.get("expires_at", 0) > time.time() else None

    def _tidy(self) -> None:
        with self._door:
            kept = sorted(self._files(), key=lambda item: -item[1].st_mtime)
            oldest = time.time() - self._settings().inspect_hours * HOUR if self._settings().inspect else time.time()
            size = 0
            for path, facts in kept:
                size += facts.st_size
                if facts.st_mtime <= oldest or size > MOST_BYTES or not self._settings().inspect:
                    path.unlink(missing_ok=True)

    def _files(self) -> list[tuple[Path, os.stat_result]]:
        found = []
        for path in self._folder.glob("*.json"):
            with contextlib.suppress(FileNotFoundError):
                found.append((path, path.stat()))
        return found

    def _path(self, call_id: str) -> Path:
        return self._folder / f"{call_id}.json"
