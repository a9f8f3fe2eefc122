"""Answers in a file of their own, which may be deleted at any time: bounded, and begun anew where it is damaged."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

_T = TypeVar("_T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (key BLOB PRIMARY KEY, answer BLOB NOT NULL, sum INTEGER NOT NULL,
  size INTEGER NOT NULL, made_at REAL NOT NULL, used_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS answers_used ON answers (used_at, size);
CREATE INDEX IF NOT EXISTS answers_made ON answers (made_at);
"""
_PUT = "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)"
_OLDEST = "SELECT rowid, size FROM answers ORDER BY used_at"
_OWN = 200
"""What a row takes beside its answer, in bytes."""

_SLACK = 0.9
"""Where there is too much, this share of what may be there stays, so that not every answer makes room."""


class Kept(NamedTuple):
    """An answer, and when it was made."""

    answer: bytes
    made_at: float


class Shelf:
    """Used from one thread at a time. It raises nothing: where the file cannot be read or written, nothing is known,
    and nothing kept."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._size = 0

    def find(self, key: bytes, since: float) -> Kept | None:
        """The answer, unless it was made before."""

        def work(db: sqlite3.Connection) -> Kept | None:
            row = db.execute("SELECT answer, sum, made_at FROM answers WHERE key = ?", (key,)).fetchone()
            if row is None:
                return None
            if row[2] < since or zlib.crc32(row[0]) != row[1]:
                self._drop(db, "key = ?", key)
                return None
            db.execute("UPDATE answers SET used_at = ? WHERE key = ?", (time.time(), key))
            return Kept(row[0], row[2])

        return self._do(work, None)

    def put(self, key: bytes, kept: Kept, most: int, since: float) -> None:
        """Keeps an answer within so many bytes: what was made before goes, and then what was used longest ago."""
        size = len(kept.answer) + _OWN

        def work(db: sqlite3.Connection) -> None:
            self._drop(db, "key = ?", key)
            self._drop(db, "made_at < ?", since)
            db.execute(_PUT, (key, kept.answer, zlib.crc32(kept.answer), size, kept.made_at, time.time()))
            self._size += size
            if self._size > most:
                self._trim(db, int(most * _SLACK))

        self._do(work, None)

    def facts(self) -> tuple[int, int]:
        """How many answers there are, and their bytes."""
        return self._do(_totals, (0, 0))

    def clear(self) -> None:
        """Forgets all, on the disk, too."""
        self.close()
        self._remove()

    def close(self) -> None:
        """It opens again when it is used again."""
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error):
                self._db.close()
            self._db = None

    def _do(self, work: Callable[[sqlite3.Connection], _T], otherwise: _T) -> _T:
        try:
            db = self._open()
            with db:
                return work(db)
        except sqlite3.OperationalError:  # a full or read-only disk, or another process holds it long
            self.close()
        except (sqlite3.DatabaseError, OSError):
            self.close()
            self._remove()
        return otherwise

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            db = sqlite3.connect(self._path, timeout=1, check_same_thread=False)
            try:
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("PRAGMA synchronous = NORMAL")
                db.execute("PRAGMA auto_vacuum = INCREMENTAL")
                db.executescript(_SCHEMA)
                self._size = _totals(db)[1]
            except BaseException:
                db.close()
                raise
            self._db = db
        return self._db

    def _trim(self, db: sqlite3.Connection, most: int) -> None:
        """Other processes may have changed how much there is."""
        self._size = _totals(db)[1]
        going: list[tuple[int]] = []
        for rowid, size in db.execute(_OLDEST):
            if self._size <= most:
                break
            going.append((rowid,))
            self._size -= size
        db.executemany("DELETE FROM answers WHERE rowid = ?", going)
        db.execute("PRAGMA incremental_vacuum").fetchall()

    def _drop(self, db: sqlite3.Connection, which: str, value: Any) -> None:
        gone = db.execute(f"DELETE FROM answers WHERE {which} RETURNING size", (value,)).fetchall()  # noqa: S608 - ours
        self._size -= sum(size for (size,) in gone)

    def _remove(self) -> None:
        for end in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                self._path.with_name(self._path.name + end).unlink()


def _totals(db: sqlite3.Connection) -> tuple[int, int]:
    count, size = db.execute("SELECT COUNT(*), COALESCE(SUM(size), 0) FROM answers").fetchone()
    return count, size
