"""The answers of a job as they come, and as its asker gets them. The file is the truth about which rows are done, so it
bears being cut off anywhere."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson


@dataclass(slots=True)
class Summed:
    """What all answers are together. `cost` is None as soon as one is not known."""

    done: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = 0.0

    def add(self, answer: Mapping[str, Any]) -> None:
        self.done += 1
        self.failed += answer["error"] is not None
        self.prompt_tokens += answer.get("prompt_tokens") or 0
        self.completion_tokens += answer.get("completion_tokens") or 0
        if answer["error"] is None:
            cost = answer.get("cost")
            self.cost = None if cost is None or self.cost is None else self.cost + cost


class Numbers:
    """Which rows are done: all up to one, and some after it."""

    def __init__(self) -> None:
        self.upto = 0
        self._beyond: set[int] = set()

    def __contains__(self, number: int) -> bool:
        return number <= self.upto or number in self._beyond

    def add(self, number: int) -> None:
        self._beyond.add(number)
        while self.upto + 1 in self._beyond:
            self.upto += 1
            self._beyond.discard(self.upto)


class Answers:
    """A file of answers that grows, each written in one piece. What a kill left of its last line is cut off when it is
    opened. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self.done = Numbers()
        self.sum = Summed()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        self._size = 0
        with path.open("rb") as file:
            for line in file:
                answer = _whole(line)
                if answer is None:
                    break
                self._note(answer)
                self._size += len(line)
        os.truncate(self._file, self._size)
        os.lseek(self._file, self._size, os.SEEK_SET)

    def add(self, answer: Mapping[str, Any]) -> None:
        """From then on the row is done. Where the disk is full, no half of it stays."""
        line = memoryview(orjson.dumps(answer, default=str) + b"\n")
        try:
            left = line
            while left:
                left = left[os.write(self._file, left) :]
        except OSError:
            os.truncate(self._file, self._size)
            os.lseek(self._file, self._size, os.SEEK_SET)
            raise
        self._size += len(line)
        self._note(answer)

    def close(self) -> None:
        """What was written outlives even a power cut."""
        if self._file >= 0:
            os.fsync(self._file)
            os.close(self._file)
            self._file = -1

    def _note(self, answer: Mapping[str, Any]) -> None:
        if answer["row"] not in self.done:
            self.done.add(answer["row"])
            self.sum.add(answer)


def in_order(path: Path, target: Path) -> None:
    """Writes the answers by the numbers of their rows. Raises OSError."""
    places = list(_places(path))
    partial = target.with_name(f"{target.name}.partial")
    with path.open("rb") as source, partial.open("wb") as ordered:
        if all(one[0] < other[0] for one, other in pairwise(places)):
            shutil.copyfileobj(source, ordered, 1 << 20)
        else:
            for _, at in sorted(places):
                source.seek(at)
                ordered.write(source.readline())
        ordered.flush()
        os.fsync(ordered.fileno())
    partial.replace(target)


def _places(path: Path) -> Iterator[tuple[int, int]]:
    at = 0
    with path.open("rb") as file:
        for line in file:
            yield orjson.loads(line)["row"], at
            at += len(line)


def _whole(line: bytes) -> Mapping[str, Any] | None:
    """An answer; None for half a line, or what a power cut made of it."""
    if not line.endswith(b"\n"):
        return None
    try:
        answer = orjson.loads(line)
        return answer if isinstance(answer["row"], int) and "error" in answer else None
    except (ValueError, KeyError, TypeError):
        return None
