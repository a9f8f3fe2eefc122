"""Files of JSON lines that start anew when they are full, and how their ends are read."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import orjson

from serai.errors import NotFound

_PART = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_BLOCK = 65_536
_MOST = 8_000_000
"""Bytes that are read at most for one tail."""


class LogFile:
    """Appends whole lines; several processes may write to the same file. A full disk loses lines, nothing else."""

    def __init__(self, path: Path, limit: int) -> None:
        self._path = path
        self._limit = limit
        self._handle: int | None = None

    def append(self, line: bytes) -> None:
        try:
            handle = self._open()
            if os.fstat(handle).st_size + len(line) > self._limit:
                handle = self._start_anew()
            os.write(handle, line)
        except OSError:  # nobody may fail because its log cannot be written
            self.close()

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _open(self) -> int:
        """The handle of what stands under the path now: another process may have begun a new file."""
        if self._handle is not None and not self._is_current(self._handle):
            self.close()
        if self._handle is None:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._handle = os.open(self._path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
        return self._handle

    def _is_current(self, handle: int) -> bool:
        try:
            return os.path.samestat(os.fstat(handle), self._path.stat())
        except FileNotFoundError:
            return False

    def _start_anew(self) -> int:
        self.close()
        self._path.replace(_older(self._path))
        return self._open()


class LogFiles:
    """One file per part, opened at its first line."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._files: dict[str, LogFile] = {}

    def append(self, part: str, line: bytes) -> None:
        if part not in self._files:
            self._files[part] = LogFile(self._folder / f"{part}.jsonl", self._limit)
        self._files[part].append(line)

    def close(self) -> None:
        for file in self._files.values():
            file.close()


def parts(home: Path) -> list[str]:
    """The parts that have logs, by name."""
    return sorted(path.stem for path in (home / "logs").glob("*.jsonl"))


def tail(home: Path, part: str, lines: int) -> list[dict[str, Any]]:
    """The last lines of a part, oldest first. Raises NotFound when there is no such part."""
    path = home / "logs" / f"{part}.jsonl"
    if not _PART.fullmatch(part) or not path.exists():
        raise NotFound(f"There is no log of {part!r}.", hint=f"There are: {', '.join(parts(home)) or 'none yet'}.")
    found = _last_lines(path, lines)
    if len(found) < lines:
        found = _last_lines(_older(path), lines - len(found)) + found
    return found


def _older(path: Path) -> Path:
    return path.with_suffix(".jsonl.1")


def _last_lines(path: Path, count: int) -> list[dict[str, Any]]:
    try:
        with path.open("rb") as file:
            place = file.seek(0, os.SEEK_END)
            end = place
            data = b""
            while place > 0 and data.count(b"\n") <= count and end - place < _MOST:
                step = min(_BLOCK, place)
                place = file.seek(place - step)
                data = file.read(step) + data
    except FileNotFoundError:
        return []
    return [line for line in map(_parse, data.split(b"\n")[-count - 1 :]) if line is not None][-count:] if count else []


def _parse(line: bytes) -> dict[str, Any] | None:
    """None for what a crash or a full disk left of a line."""
    try:
        parsed = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return parsed if isinstance(parsed, dict) else None
