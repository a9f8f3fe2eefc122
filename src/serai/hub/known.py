"""What the hub has told, kept in a file of its own: a cache that may be deleted at any time."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Literal, TypeVar

from serai.hub.listing import Listed, revived

Sort = Literal["downloads", "likes", "modified", "trending"]

_T = TypeVar("_T")
_ORDER = {"downloads": "downloads", "likes": "likes", "modified": "modified_at", "trending": "downloads"}
_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, body TEXT, etag TEXT, cursor TEXT, at REAL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answers_at ON answers (at);
CREATE TABLE IF NOT EXISTS models (name TEXT PRIMARY KEY, text TEXT, task TEXT, library TEXT, author TEXT,
  license TEXT, languages TEXT, formats TEXT, downloads INTEGER, likes INTEGER, modified_at REAL, row TEXT, at REAL);
"""
_OLD_ANSWERS = "DELETE FROM answers WHERE key IN (SELECT key FROM answers ORDER BY at DESC LIMIT -1 OFFSET ?)"
_OLD_MODELS = "DELETE FROM models WHERE name IN (SELECT name FROM models ORDER BY at DESC LIMIT -1 OFFSET ?)"
_REPLACE = "INSERT OR REPLACE INTO models VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ADD = "INSERT OR IGNORE INTO models VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ANSWERS = 2_000
_MODELS = 20_000
_LONGEST = 4_000_000
"""A longer answer is not kept."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer of the hub; `cursor` leads to the next page, empty on the last; `at` is when it was last true."""

    body: Any
    etag: str = ""
    cursor: str = ""
    at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a person looks for; `cursor` comes from the page before. Where a number of parameters is asked for, models
    of which it is not known do not match."""

    text: str = ""
    task: str = ""
    library: str = ""
    author: str = ""
    license: str = ""
    language: str = ""
    format: str = ""
    min_parameters: int | None = None
    max_parameters: int | None = None
    sort: Sort = "downloads"
    limit: int = 30
    cursor: str = ""

    def holds(self, parameters: int | None) -> bool:
        """Whether a model may have so many parameters."""
        least, most = self.min_parameters, self.max_parameters
        if least is None and most is None:
            return True
        return parameters is not None and (least or 0) <= parameters <= (most or parameters)


class Known:
    """May be used from several threads. Where the file cannot be written, nothing is kept; where it is damaged, it is
    begun anew. Bounded: what was asked for longest ago goes first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()

    def answer(self, key: str) -> Kept | None:
        rows = self._do(lambda db: db.execute("SELECT body, etag, cursor, at FROM answers WHERE key = ?", (key,)), [])
        return Kept(json.loads(rows[0][0]), *rows[0][1:]) if rows else None

    def keep(self, key: str, kept: Kept) -> None:
        body = json.dumps(kept.body)
        if len(body) > _LONGEST:
            return
        row = (key, body, kept.etag, kept.cursor, kept.at)

        def work(db: sqlite3.Connection) -> list[Any]:
            db.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)", row)
            return _trimmed(db, _OLD_ANSWERS, _ANSWERS)

        self._do(work, [])

    def put(self, models: Iterable[Listed], *, replace: bool = True) -> None:
        """Remembers models; without `replace` only those that are not known yet."""
        rows = [_row(model) for model in models]
        if not rows:
            return

        def work(db: sqlite3.Connection) -> list[Any]:
            db.executemany(_REPLACE if replace else _ADD, rows)
            return _trimmed(db, _OLD_MODELS, _MODELS)

        self._do(work, [])

    def find(self, query: Query) -> tuple[list[Listed], str]:
        """The known models that match, and the cursor of the next page."""
        conditions, values = _conditions(query)
        begin = int(query.cursor) if query.cursor.isdigit() and len(query.cursor) < 10 else 0
        order = _ORDER[query.sort]
        statement = f"SELECT row FROM models WHERE {conditions} ORDER BY {order} DESC, name LIMIT ? OFFSET ?"  # noqa: S608 - names are ours
        rows = self._do(lambda db: db.execute(statement, (*values, query.limit + 1, begin)), [])
        found = [revived(json.loads(row)) for (row,) in rows[: query.limit]]
        return found, str(begin + query.limit) if len(rows) > query.limit else ""

    def model(self, name: str) -> Listed | None:
        rows = self._do(lambda db: db.execute("SELECT row FROM models WHERE name = ?", (name,)), [])
        return revived(json.loads(rows[0][0])) if rows else None

    def names(self) -> list[str]:
        return [name for (name,) in self._do(lambda db: db.execute("SELECT name FROM models"), [])]

    def _do(self, work: Callable[[sqlite3.Connection], Iterable[_T]], otherwise: list[_T]) -> list[_T]:
        with self._lock:
            try:
                return self._work(work)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):  # a full or read-only disk, or another holds it long
                    return otherwise
                for path in self._path.parent.glob(f"{self._path.name}*"):
                    with contextlib.suppress(OSError):
                        path.unlink()
                return otherwise

    def _work(self, work: Callable[[sqlite3.Connection], Iterable[_T]]) -> list[_T]:
        new = not self._path.exists()
        with contextlib.closing(sqlite3.connect(self._path, timeout=2)) as db, db:
            if new:
                db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = OFF")
            db.executescript(_SCHEMA)
            return list(work(db))


def _trimmed(db: sqlite3.Connection, oldest: str, most: int) -> list[Any]:
    db.execute(oldest, (most,))
    return []


def _row(model: Listed) -> tuple[Any, ...]:
    text = " ".join((model.name, model.task, *model.tags)).casefold()
    told = (model.task, model.library, model.author, model.license, _bars(model.languages), _bars(model.formats))
    row = json.dumps(model.as_dict())
    return (model.name, text, *told, model.downloads, model.likes, model.modified_at, row, time.time())


def _conditions(query: Query) -> tuple[str, list[str | int]]:
    exact = {name: getattr(query, name) for name in ("task", "library", "author", "license")}
    within = {"languages": query.language, "formats": query.format}
    words = query.text.casefold().split()[:16]
    bounds = ((">=", query.min_parameters), ("<=", query.max_parameters))
    pairs: list[tuple[str, str | int]] = [
        *(("instr(text, ?) > 0", word) for word in words),
        *((f"{name} = ? COLLATE NOCASE", value) for name, value in exact.items() if value),
        *((f"instr({name}, ?) > 0", f"|{value.casefold()}|") for name, value in within.items() if value),
        *((f"json_extract(row, '$.parameters') {sign} ?", bound) for sign, bound in bounds if bound is not None),
    ]
    return " AND ".join(condition for condition, _ in pairs) or "1", [value for _, value in pairs]


def _bars(values: Sequence[str]) -> str:
    return f"|{'|'.join(values).casefold()}|"
