"""The lines of a batch's files: what is asked, and what was answered. The files of answers are the truth about which
lines are done, so they bear being cut off anywhere."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import orjson

MOST_LINES = 50_000
MOST_PROBLEMS = 100


class Line(NamedTuple):
    """A request: its number from 1, its asker's own id for it, and what is asked."""

    number: int
    custom_id: str
    body: dict[str, Any]


def read(path: Path) -> Generator[tuple[int, bytes], None, None]:
    """The lines that are not empty, with their numbers from 1."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, line


def parse(number: int, data: bytes) -> Line:
    """A line that `problems` found nothing wrong with."""
    asked = orjson.loads(data)
    return Line(number, asked["custom_id"], asked["body"])


def problems(path: Path, endpoint: str) -> tuple[int, list[dict[str, Any]]]:
    """How many requests there are, and what is wrong with the first of those that cannot be asked."""
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    count = 0
    for number, data in read(path):
        count += 1
        wrong = _wrong(data, endpoint, seen)
        if wrong is not None:
            found.append({"line": number, **wrong})
        if count > MOST_LINES:
            found.append({"line": number, **_fault("too_many", f"{MOST_LINES:,} requests are the most in one batch.")})
        if len(found) >= MOST_PROBLEMS or count > MOST_LINES:
            break
    if not count:
        found.append({"line": None, **_fault("empty_file", "The file has no requests.")})
    return count, found


def _wrong(data: bytes, endpoint: str, seen: set[str]) -> dict[str, Any] | None:
    try:
        asked = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        return _fault("invalid_json_line", f"This line is not JSON: {error.msg}.")
    if not isinstance(asked, dict):
        return _fault("invalid_request", "This line is not an object.")
    name = asked.get("custom_id")
    if not isinstance(name, str) or not name:
        return _fault("missing_required_parameter", "custom_id must be a text.", "custom_id")
    if name in seen:
        return _fault("duplicate_custom_id", f"There is another line with the custom_id {name[:80]!r}.", "custom_id")
    seen.add(name)
    if asked.get("method") != "POST":
        return _fault("invalid_method", "method must be POST.", "method")
    if asked.get("url") != endpoint:
        return _fault("invalid_url", f"url must be {endpoint}, as the batch says.", "url")
    if not isinstance(asked.get("body"), dict):
        return _fault("missing_required_parameter", "body must be an object.", "body")
    return None


def _fault(code: str, message: str, param: str | None = None) -> dict[str, Any]:
    return {"code": code, "message": message, "param": param}


class Answers:
    """A file of answers that grows. What a kill left of its last line is cut off when it is opened."""

    def __init__(self, path: Path) -> None:
        self.done: set[int] = set()
        self._path = path
        self._file = self._open()

    def add(self, batch: str, line: Line, answer: Mapping[str, Any]) -> None:
        """Writes one answer in one piece; from then on the line is done."""
        entry = {"id": f"{batch}_{line.number}", "custom_id": line.custom_id, "response": answer, "error": None}
        self._file.write(orjson.dumps(entry, default=str) + b"\n")
        self._file.flush()
        self.done.add(line.number)

    def close(self) -> None:
        """What was written outlives even a power cut."""
        if not self._file.closed:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def _open(self) -> BinaryIO:
        file = os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        whole = 0
        for line in file:
            number = _number(line)
            if number is None:
                break
            self.done.add(number)
            whole += len(line)
        file.seek(whole)
        file.truncate()
        return file


def _number(line: bytes) -> int | None:
    """Which request a line answers; None for half a line."""
    if not line.endswith(b"\n"):
        return None
    try:
        return int(orjson.loads(line)["id"].rpartition("_")[2])
    except (ValueError, KeyError, TypeError):
        return None
