"""What was used and what it cost, by whom, by what, and when."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Literal, get_args

from sqlalchemy import Connection, case, func, select

from serai.errors import BadRequest
from serai.money.amounts import dollars
from serai.money.ledger import Ledger
from serai.storage.database import Database
from serai.storage.tables import charges

By = Literal["key", "person", "model", "place", "session", "day"]

COLUMNS = ("name", "title", "calls", "prompt_tokens", "completion_tokens", "cached_tokens", "cost")
"""Of one row; then come `unpriced` (calls of which nobody knows what they cost) and how much of the cost was
`estimated`, is `held`, or stands `unsettled` at its worst case."""

_STATES = ("estimated", "held", "unsettled")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOST = 10_000


class UsageBook:
    """Reads the ledger; what has just ended is in it within a moment."""

    def __init__(self, db: Database, ledger: Ledger) -> None:
        self._db = db
        self._ledger = ledger

    async def by(self, what: str, first: str | None = None, last: str | None = None) -> list[dict[str, Any]]:
        """Sums for each key, person, model, place, session or day, the dearest first (days: the newest); `first` and
        `last` are days in UTC, and count. Raises BadRequest."""
        if what not in get_args(By):
            raise BadRequest(f"Usage can be seen by {', '.join(get_args(By))}, not by {what[:80]!r}.", param="by")
        await self._written()
        query = _query(what, _day("from", first), _day("to", last))

        def work(connection: Connection) -> list[dict[str, Any]]:
            return [_shape(row) for row in connection.execute(query.limit(_MOST)).mappings()]

        return await self._db.read(work)

    async def _written(self) -> None:
        """What this process still has in memory."""
        if self._ledger.failed is None:
            await self._ledger.flush()


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as CSV. No cell begins a formula in a spreadsheet."""
    written = io.StringIO()
    out = csv.DictWriter(written, (*COLUMNS, "unpriced", *_STATES))
    out.writeheader()
    for row in rows:
        out.writerow({name: _plain(value) for name, value in row.items()})
    return written.getvalue()


def _query(what: str, first: str | None, last: str | None) -> Any:
    columns = {"key": charges.c.principal, "person": charges.c.principal}
    by = columns.get(what, charges.c.get(what, charges.c.principal))
    sums = [func.sum(charges.c[name]).label(name) for name in COLUMNS[2:]]
    unpriced = func.sum(case((charges.c.cost.is_(None), charges.c.calls), else_=0)).label("unpriced")
    parts = [func.sum(case((charges.c.state == state, charges.c.cost), else_=0)).label(state) for state in _STATES]
    title = func.max(charges.c.who) if what in columns else func.max(by)
    query = select(by.label("name"), title.label("title"), *sums, unpriced, *parts).group_by(by)
    for limit in ([charges.c.day >= first] if first else []) + ([charges.c.day <= last] if last else []):
        query = query.where(limit)
    if what in columns:
        of_key = charges.c.principal.startswith("key_", autoescape=True)
        query = query.where(of_key if what == "key" else ~of_key)
    if what == "session":
        query = query.where(charges.c.session != "")
    newest = [by.desc()] if what == "day" else [func.coalesce(func.sum(charges.c.cost), 0).desc(), by]
    return query.order_by(*newest)


def _shape(row: Any) -> dict[str, Any]:
    counts = {name: int(row[name] or 0) for name in (*COLUMNS[2:-1], "unpriced")}
    money = {name: dollars(int(row[name] or 0)) for name in ("cost", *_STATES)}
    return {"name": row["name"], "title": row["title"], **counts, **money}


def _day(name: str, text: str | None) -> str | None:
    if text is None:
        return None
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise BadRequest(f"{name}: {text[:80]!r} is no day.", hint="Write it as 2026-11-21 (UTC).", param=name)


def _plain(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
