"""A file that is arriving in pieces, several at the same time, and what is known of it after a kill."""

from __future__ import annotations

import os
import struct
import threading
from pathlib import Path
from typing import BinaryIO, Self

_HEAD = struct.Struct("<8sQQ")
_MAGIC = b"serai\0\0\1"
_COUNT = struct.Struct("<Q")
_SMALLEST = 8 << 20
_MOST = 128


def piece_size(size: int) -> int:
    """Large files come in pieces that are worth a request of their own, small ones whole."""
    return max(_SMALLEST, -(-size // _MOST))


class Partial:
    """Bytes at their places, and beside them a map that says how far each piece has come. A byte is in the map only
    after it is in the file, so that a kill at any moment loses at most what was just arriving. After a power cut the
    map may know more than the disk; then the digest does not match, and the file is fetched anew."""

    def __init__(self, path: Path, size: int) -> None:
        """Takes up what a former try left. Raises OSError."""
        self.path = path
        self.size = size
        self._lock = threading.Lock()
        self._map = path.with_name(path.name + ".map")
        self.piece, self._have = _known(path, self._map, size)
        if not self.piece:
            path.unlink(missing_ok=True)
            self.piece = piece_size(size)
            self._have = [0] * max(1, -(-size // self.piece))
            if len(self._have) > 1:
                _write_map(self._map, size, self.piece, self._have)
        path.touch()
        self._out: BinaryIO = path.open("r+b", buffering=0)
        self._marks: BinaryIO | None = self._map.open("r+b", buffering=0) if len(self._have) > 1 else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._out.close()
        if self._marks is not None:
            self._marks.close()

    @property
    def have(self) -> int:
        """How many bytes are here."""
        return sum(self._have)

    def unfinished(self) -> list[int]:
        """The pieces that are not whole, in order."""
        return [number for number in range(len(self._have)) if self.next(number) < self.end(number)]

    def next(self, number: int) -> int:
        """Where the next byte of a piece belongs."""
        return number * self.piece + self._have[number]

    def end(self, number: int) -> int:
        """Where a piece ends."""
        return min((number + 1) * self.piece, self.size)

    def frontier(self) -> int:
        """Up to where nothing is missing."""
        first = next(iter(self.unfinished()), None)
        return self.size if first is None else self.next(first)

    def write(self, number: int, data: bytes | memoryview) -> None:
        """Goes on with a piece; for any thread. Raises OSError, and then has taken nothing."""
        with self._lock:
            self._out.seek(self.next(number))
            _write_all(self._out, data)
            self._have[number] += len(data)
            if self._marks is not None:
                self._marks.seek(_HEAD.size + number * _COUNT.size)
                self._marks.write(_COUNT.pack(self._have[number]))

    def place(self, begin: int, data: bytes) -> int:
        """Takes of bytes that lie at `begin` those that are missing; how many those were. Raises OSError."""
        view, taken = memoryview(data), 0
        for number in range(begin // self.piece, len(self._have)):
            first, last = max(begin, self.next(number)), min(begin + len(data), self.end(number))
            if first < last and first == self.next(number):
                self.write(number, view[first - begin : last - begin])
                taken += last - first
            if self.end(number) >= begin + len(data):
                break
        return taken

    def finish(self, blob: Path) -> None:
        """Gives the whole file its name, so that not even a power cut can leave a part of it under that. That it has
        the name is certain only after `sync_folder`. Raises OSError."""
        os.fsync(self._out.fileno())
        self.__exit__()
        self.path.replace(blob)
        if self._marks is not None:
            self._map.unlink(missing_ok=True)

    def discard(self) -> None:
        """Throws away what is here."""
        self.__exit__()
        discard(self.path)


def discard(path: Path) -> None:
    """Removes what has arrived of a file. Raises OSError."""
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".map").unlink(missing_ok=True)


def arrived(path: Path, size: int) -> int:
    """How many bytes of a file are here already, without touching it."""
    return sum(_known(path, path.with_name(path.name + ".map"), size)[1])


def _known(path: Path, marks: Path, size: int) -> tuple[int, list[int]]:
    """A file of one piece needs no map: it is as long as it has come."""
    if not path.exists():
        return 0, []
    if size > _SMALLEST:
        return _read_map(marks, size)
    length = path.stat().st_size
    return (piece_size(size), [length]) if length <= size else (0, [])


def _read_map(path: Path, size: int) -> tuple[int, list[int]]:
    """The size of a piece and what each has; nothing where the map is not of such a file, or damaged."""
    try:
        data = path.read_bytes()
        magic, whole, piece = _HEAD.unpack_from(data)
        have = [number for (number,) in _COUNT.iter_unpack(data[_HEAD.size :])]
    except (OSError, struct.error):
        return 0, []
    fits = piece > 0 and len(have) == max(1, -(-size // piece))
    if magic != _MAGIC or whole != size or not fits:
        return 0, []
    ends = [min(piece, size - number * piece) for number in range(len(have))]
    return (piece, have) if all(count <= end for count, end in zip(have, ends, strict=True)) else (0, [])


def _write_map(path: Path, size: int, piece: int, have: list[int]) -> None:
    path.write_bytes(_HEAD.pack(_MAGIC, size, piece) + b"".join(_COUNT.pack(count) for count in have))


def _write_all(out: BinaryIO, data: bytes | memoryview) -> None:
    view = memoryview(data)
    while view:
        view = view[out.write(view) :]


def sync_folder(folder: Path) -> None:
    """The names in a folder outlive a power cut after this. Raises OSError."""
    if os.name == "nt":  # there a folder cannot be opened
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
