"""`SERAI_HOME/server.json`: which server of this home runs, written by `serve` for the user's eyes only."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from serai.errors import Conflict

NAME = "server.json"
SAME_START_S = 1.0


@dataclass(frozen=True, slots=True)
class Running:
    """A server: its process (`started_at` is the process' own start time), its address and, where it asks for keys, a
    key for the commands of this machine."""

    pid: int
    url: str
    started_at: float
    token: str | None = None


def write(home: Path, url: str, token: str | None = None) -> Running:
    """Tells other commands of this home that this very process serves at `url`."""
    record = Running(os.getpid(), url, psutil.Process().create_time(), token)
    partial = home / f"{NAME}.partial"
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump({name: value for name, value in asdict(record).items() if value is not None}, file)
    partial.replace(home / NAME)
    return record


def read(home: Path) -> Running | None:
    """The server that was written down, if its process still lives; a killed server's file says nothing."""
    try:
        content = json.loads((home / NAME).read_text("utf-8"))
        record = Running(content["pid"], content["url"], content["started_at"], content.get("token"))
        started = psutil.Process(record.pid).create_time()
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None
    return record if abs(started - record.started_at) < SAME_START_S else None


def remove(home: Path) -> None:
    """Forgets this process' server; another one's file is left alone."""
    record = read(home)
    if record is None or record.pid == os.getpid():
        (home / NAME).unlink(missing_ok=True)


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Holds the home's lock, which ends with the process however it ends. Raises Conflict when a server holds it."""
    home.mkdir(parents=True, exist_ok=True)
    try:
        lock = FileLock(home / "server.lock").acquire(blocking=False)
    except Timeout as error:
        found = read(home)
        where = f" at {found.url} (process {found.pid})" if found else ""
        raise Conflict(
            f"Serai already serves this home{where}.",
            hint="Use that one: `serai` opens its page. For a second, set SERAI_HOME to another folder.",
        ) from error
    with lock:
        yield
