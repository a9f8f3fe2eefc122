"""How far a download is: the whole, and each file that is being fetched."""

from __future__ import annotations

from typing import Protocol

from serai.hub.fetch.partial import Partial
from serai.hub.remote import RemoteFile
from serai.jobs.kinds import JobContext
from serai.jobs.progress import Part

CHECKING = "checking what is here"


class Listener(Protocol):
    """Who is told how a file arrives."""

    def arriving(self, part: Partial) -> None:
        """It arrives there; told again where it is begun anew."""

    def advance(self, file: RemoteFile, count: int, note: str | None = None) -> None:
        """More bytes of a file are here, or fewer where it must be begun anew."""

    def note(self, text: str) -> None:
        """What is being done."""


class Tally:
    """Bytes of all files of one job, told to everyone who looks."""

    def __init__(self, job: JobContext, total: int, count: int = 1) -> None:
        self._job = job
        self._done = 0
        self._total = total
        self._count = count
        self._finished = 0
        self._parts: dict[str, Part] = {}

    def begin(self, file: RemoteFile) -> None:
        self._parts[file.path] = {"name": file.path, "done": 0, "total": file.size}

    def arriving(self, part: Partial) -> None:
        """Where it lies meanwhile concerns nobody here."""

    def advance(self, file: RemoteFile, count: int, note: str | None = None) -> None:
        """More bytes of a file are here, or fewer where it must be begun anew."""
        self._done += count
        if part := self._parts.get(file.path):
            part["done"] += count
        self.note(self._usual() if note is None else note)

    def note(self, text: str) -> None:
        parts: list[Part] = [{**part} for part in self._parts.values()] if self._count > 1 else []
        self._job.progress(done=self._done, total=self._total, note=text, parts=parts)

    def end(self, file: RemoteFile) -> None:
        """The file is whole, or was given up."""
        self._finished += 1
        self._parts.pop(file.path, None)
        self.note(self._usual())

    def _usual(self) -> str:
        return f"{self._finished} of {self._count} files" if self._count > 1 else ""
