"""The server's side of `parquet`: a process that reads or writes one file within its memory, and what it died of."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

from serai.batches.files import sheet
from serai.errors import BadRequest, MissingExtra, StorageFailed
from serai.hosting.environment import clean

MOST_MEMORY = 2 << 30
_TOLD = 400


def check() -> None:
    """Raises MissingExtra where nothing here reads Parquet."""
    if importlib.util.find_spec("pyarrow") is None:
        raise MissingExtra("Parquet", "data")


def rows(path: Path) -> Generator[sheet.Values, None, None]:
    """The rows of a file. Raises MissingExtra, and BadRequest for what is no Parquet or unpacks to too much."""
    with tempfile.TemporaryFile() as said:
        process = _start(said, "read", path)
        assert process.stdout is not None
        try:
            # JSON may be longer than what it says: escapes, base64.
            with closing(sheet.bounded(process.stdout)) as lines:
                yield from sheet.objects(lines)
            if process.wait() != 0:
                raise _failed(process, said)
        finally:
            process.stdout.close()
            process.kill()
            process.wait()


def count(path: Path) -> int:
    """How many rows a file says it has. Raises as `rows` does."""
    with tempfile.TemporaryFile() as said:
        process = _start(said, "count", path)
        told, _ = process.communicate()
        if process.returncode != 0:
            raise _failed(process, said)
        return int(told)


def write(lines: Path, path: Path) -> None:
    """Makes Parquet of a file of answers. Raises MissingExtra, and StorageFailed where it cannot be written."""
    with tempfile.TemporaryFile() as said:
        process = _start(said, "write", lines, path)
        process.communicate()
        if process.returncode != 0:
            words = _words(said)
            cause = "full" if "No space left" in words or "Disk quota" in words else "unreachable"
            hint = "Make room, and resume the job." if cause == "full" else "Resume the job to try again."
            raise StorageFailed(f"The answers cannot be written as Parquet: {words}", cause=cause, hint=hint)


def _start(said: IO[bytes], *arguments: Any) -> subprocess.Popen[bytes]:
    check()
    command = [sys.executable, "-m", "serai.batches.files.parquet", *map(str, arguments)]
    environment = clean({}, Path(tempfile.gettempdir()))
    environment |= {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "ARROW_DEFAULT_MEMORY_POOL": "system"}
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, env=environment)
    _bound(process.pid)
    return process


def _bound(pid: int) -> None:
    """Where the system can, its memory ends before the machine's does. It has not begun to read by then: Python takes
    longer to start."""
    if sys.platform == "linux":
        import resource

        resource.prlimit(pid, resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))


def _failed(process: subprocess.Popen[bytes], said: IO[bytes]) -> BadRequest:
    words = _words(said)
    if process.returncode < 0 or "malloc" in words or "MemoryError" in words or "alloc" in words:
        size = MOST_MEMORY >> 30
        return BadRequest(
            f"The Parquet file unpacks to more than {size} GB at once.", hint="Split it into smaller row groups."
        )
    return BadRequest(f"The file is no Parquet that can be read: {words}")


def _words(said: IO[bytes]) -> str:
    """The last line of what it said, which is Python's error."""
    said.seek(0, 2)
    said.seek(max(0, said.tell() - 10_000))
    told = said.read().decode("utf-8", "replace").strip().splitlines()
    return told[-1][:_TOLD] if told else "it died."
