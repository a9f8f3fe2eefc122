"""How far a download is: the whole, and each file that is being fetched."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Protocol

from serai.hub.fetch.partial import Partial
from serai.hub.remote import RemoteFile
from serai.jobs.kinds import JobContext
from serai.jobs.progress import Part

CHECKING = "checking what is here"


class Listener(Protocol):
    """Who is told how a file arrives; where connections are few, those of a higher priority get one first."""

    @property
    def priority(self) -> int: ...

    def arriving(self, part: Partial) -> None:
        """It arrives there; told again where it is begun anew."""

    def advance(self, file: RemoteFile, count: int, note: str | None = None) -> None:
        """More bytes of a file are here, or fewer where it must be begun anew."""

    def found(self, file: RemoteFile, count: int) -> None:
        """So many bytes of a file were here already."""

    def note(self, text: str) -> None:
        """What is being done."""


_SHOWN = 32
"""Of more files than these, those in work are told one by one, then those that come next, then the last that came."""


class Tally:
    """Bytes of all files of one job, told to everyone who looks."""

    def __init__(self, job: JobContext, total: int, count: int = 1) -> None:
        self._job = job
        self._done = 0
        self._total = total
        self._count = count
        self._finished = 0
        self._waiting: dict[str, Part] = {}
        self._working: dict[str, Part] = {}
        self._whole: deque[Part] = deque(maxlen=_SHOWN)

    @property
    def priority(self) -> int:
        return self._job.priority

    def expect(self, files: Iterable[RemoteFile]) -> None:
        """These will begin, in this order."""
        self._waiting = {file.path: _part(file) for file in files}

    def begin(self, file: RemoteFile) -> None:
        self._waiting.pop(file.path, None)
        self._working[file.path] = {**_part(file), "state": "working"}

    def arriving(self, part: Partial) -> None:
        """Where it lies meanwhile concerns nobody here."""

    def advance(self, file: RemoteFile, count: int, note: str | None = None) -> None:
        """More bytes of a file are here, or fewer where it must be begun anew."""
        self._take(file, count)
        self.note(self._usual() if note is None else note)

    def found(self, file: RemoteFile, count: int) -> None:
        """So many bytes of a file were here already."""
        self._take(file, count)
        self._tell(self._usual(), found=count)

    def note(self, text: str) -> None:
        self._tell(text)

    def end(self, file: RemoteFile) -> None:
        """Nothing more is to be done with the file."""
        self._finished += 1
        self._whole.append({**self._working.pop(file.path), "state": "done"})
        self.note(self._usual())

    def put_back(self, file: RemoteFile) -> None:
        """The file was not finished, and is not gone on with now."""
        self._waiting = {file.path: {**self._working.pop(file.path), "state": "waiting"}, **self._waiting}
        self.note(self._usual())

    def _take(self, file: RemoteFile, count: int) -> None:
        self._done += count
        if part := self._working.get(file.path):
            part["done"] += count

    def _tell(self, text: str, found: int = 0) -> None:
        parts = self._parts() if self._count > 1 else []
        self._job.progress(done=self._done, total=self._total, note=text, parts=parts, found=found)

    def _parts(self) -> list[Part]:
        """A picture of now, of bounded size."""
        parts: list[Part] = [{**part} for part in self._working.values()]
        parts += islice(self._waiting.values(), max(0, _SHOWN - len(parts)))
        return parts + list(islice(reversed(self._whole), max(0, _SHOWN - len(parts))))

    def _usual(self) -> str:
        return f"{self._finished} of {self._count} files" if self._count > 1 else ""


def _part(file: RemoteFile) -> Part:
    return {"name": file.path, "done": 0, "total": file.size, "state": "waiting"}
