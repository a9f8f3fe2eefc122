"""Pictures on the disk: a folder that may be deleted at any time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from pathlib import Path

from serai.types import new_id

ROOM = 200_000_000
_LEFT = 0.8
"""How much of the room is still taken after some had to go."""


class Shelf:
    """Holds at most `room` bytes: what was looked at longest ago goes first. Where the disk lets nothing be written,
    nothing is kept. A file's time of change is when it was fetched, its time of access when it was last looked at."""

    def __init__(self, folder: Path, room: int = ROOM) -> None:
        self._folder = folder
        self._room = room

    def read(self, key: str) -> tuple[bytes | None, float]:
        """What is kept, and since when."""
        path = self._path(key)
        try:
            content, since = path.read_bytes(), path.stat().st_mtime
            os.utime(path, (time.time(), since))
        except OSError:
            return None, 0.0
        return content, since

    def write(self, key: str, content: bytes) -> None:
        path = self._path(key)
        arriving = path.with_name(new_id("part"))
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._make_room(len(content))
            arriving.write_bytes(content)
            arriving.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                arriving.unlink()

    def _path(self, key: str) -> Path:
        return self._folder / hashlib.sha256(key.encode()).hexdigest()

    def _make_room(self, size: int) -> None:
        files = [(entry.stat(), Path(entry.path)) for entry in os.scandir(self._folder) if entry.is_file()]
        used = size + sum(facts.st_size for facts, _ in files)
        if used <= self._room:
            return
        for facts, path in sorted(files, key=lambda row: row[0].st_atime):
            if used <= self._room * _LEFT:
                break
            with contextlib.suppress(OSError):
                path.unlink()
            used -= facts.st_size
