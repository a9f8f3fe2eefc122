"""The digest of a file's content as the hub knows it: SHA-256, or Git's SHA-1 for the files that Git itself keeps."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path
from typing import BinaryIO

_CHUNK = 1 << 20


class Digest:
    """Reads a file from its beginning on, as far as it is there. For one thread at a time."""

    def __init__(self, etag: str, size: int) -> None:
        """Whether `etag` is a SHA-256 or Git's SHA-1 its length tells."""
        self._etag = etag
        self._hash = hashlib.sha256() if len(etag) == 64 else hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        self._buffer = memoryview(bytearray(min(_CHUNK, size)))
        self.read = 0

    def advance(self, file: BinaryIO, end: int) -> None:
        """Takes in what lies before `end` and was not read yet. Raises OSError."""
        file.seek(self.read)
        while self.read < end:
            count = file.readinto(self._buffer[: end - self.read])  # type: ignore[attr-defined]
            if not count:
                raise OSError(errno.EIO, "it was cut while it was read")
            self._hash.update(self._buffer[:count])
            self.read += count

    def matches(self) -> bool:
        return self._hash.hexdigest() == self._etag


def matches(path: Path, etag: str, size: int) -> bool:
    """Whether a whole file is what its etag says. Raises OSError."""
    digest = Digest(etag, size)
    with path.open("rb") as file:
        if file.seek(0, 2) != size:
            return False
        digest.advance(file, size)
    return digest.matches()
