"""Logs: one file of JSON lines per part under SERAI_HOME/logs, written by a thread of its own.

A line is `{"time", "level", "part", "message", "logger"?, "facts"?, "error"?}`."""

from __future__ import annotations

import logging
import queue
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from serai.telemetry.logfile import LogFiles, parts, tail
from serai.telemetry.redaction import Redactor

__all__ = ["clean", "close", "get", "parts", "redact", "setup", "tail"]

ROOT = "serai"
WAITING = 10_000
"""Lines that may wait for the disk; more are dropped and counted."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_redactor = Redactor()


def redact(value: str) -> None:
    """This value never appears in a log from now on."""
    _redactor.add(value)


def clean(text: str) -> str:
    """The text without anything that logs hide; for errors that are kept or shown elsewhere."""
    return _redactor.clean(text)


def get(part: str) -> logging.Logger:
    """The logger of one part; its lines go to `logs/<part>.jsonl`. Values in `extra` become facts of the line."""
    return logging.getLogger(f"{ROOT}.{part}")


def setup(home: Path, level: str, keep_mb: int, part: str = "server") -> None:
    """Sends all logging of this process to files; what is of no part of Serai's goes to `part`. May be called again,
    to change the level or size."""
    close()
    root = logging.getLogger()
    root.addHandler(_Handler(LogFiles(home / "logs", keep_mb * 1_000_000), part))
    root.setLevel(logging.WARNING)  # of libraries only what matters
    logging.getLogger(ROOT).setLevel(level.upper())


def close() -> None:
    """Writes what is waiting and lets go of the files."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _Handler)]:
        root.removeHandler(handler)
        handler.close()


class _Handler(logging.Handler):
    """Costs its caller the formatting of the message; the rest happens in the thread."""

    def __init__(self, files: LogFiles, part: str) -> None:
        super().__init__()
        self.name = ROOT
        self._files = files
        self._part = part
        self._queue: queue.Queue[tuple[logging.LogRecord, str] | None] = queue.Queue(WAITING)
        self._dropped = 0
        self._thread = threading.Thread(target=self._run, name="serai-logs", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()  # now: its arguments may change later
        except Exception:  # a wrong log call must not break what it tells about
            message = f"{record.msg} (with arguments that do not fit)"
        try:
            self._queue.put_nowait((record, message))
        except queue.Full:
            self._dropped += 1

    def close(self) -> None:
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()
        super().close()

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            for part, line in self._lines(*item):
                self._files.append(part, orjson.dumps(line, default=repr) + b"\n")
        self._files.close()

    def _lines(self, record: logging.LogRecord, message: str) -> Iterator[tuple[str, dict[str, Any]]]:
        part = _part(record.name) or self._part
        yield part, _line(record, part, message)
        if self._dropped:
            lost, self._dropped = self._dropped, 0
            note = logging.makeLogRecord({"levelname": "WARNING", "name": ROOT})
            yield self._part, _line(note, self._part, f"{lost} lines were dropped: the disk was too slow.")


def _part(logger: str) -> str:
    """`serai.hosting.process` is of the part `hosting`; a library's logger of none."""
    root, _, rest = logger.partition(".")
    return rest.partition(".")[0] if root == ROOT else ""


def _line(record: logging.LogRecord, part: str, message: str) -> dict[str, Any]:
    line: dict[str, Any] = {
        "time": round(record.created, 3),
        "level": record.levelname.lower(),
        "part": part,
        "message": _redactor.clean(message),
    }
    if not record.name.startswith(ROOT):
        line["logger"] = record.name
    if facts := {key: value for key, value in vars(record).items() if key not in _STANDARD}:
        line["facts"] = _redactor.clean_all(facts)
    if record.exc_info and record.exc_info[0] is not None:
        line["error"] = _redactor.clean("".join(traceback.format_exception(*record.exc_info)).rstrip())
    return line
