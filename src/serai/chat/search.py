"""The list of sessions: search over titles and texts, folders, paging."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select

from serai.chat.records import Session
from serai.chat.rows import to_session
from serai.storage.tables import messages, sessions


def page(
    c: Connection, person: str, *, q: str = "", folder: str | None = None, limit: int, before: float | None
) -> tuple[list[Session], float | None]:
    """One page, newest first, and where the next begins. Pinned sessions all come on the first page, before others."""
    mine = and_(sessions.c.principal == person, sessions.c.deleted_at.is_(None), *map(_says, q.split()))
    if folder is not None:
        mine = and_(mine, sessions.c.folder == folder)
    newest = select(sessions).order_by(sessions.c.updated_at.desc(), sessions.c.id.desc())
    rest = newest.where(mine, sessions.c.pinned.is_(False))
    if before is not None:
        rest = rest.where(sessions.c.updated_at < before)
    rows = list(c.execute(rest.limit(limit + 1)).mappings())
    following = None
    if len(rows) > limit:
        following = rows[limit - 1]["updated_at"]
        # Sessions of the very same moment must not fall between two pages.
        same = newest.where(mine, sessions.c.pinned.is_(False), sessions.c.updated_at == following)
        rows = [row for row in rows[:limit] if row["updated_at"] != following] + list(c.execute(same).mappings())
    pinned = list(c.execute(newest.where(mine, sessions.c.pinned.is_(True))).mappings()) if before is None else []
    return [to_session(row) for row in (*pinned, *rows)], following


def _says(word: str) -> ColumnElement[bool]:
    """The title or a message holds the word. SQLite folds the case of ASCII only, so the usual spellings are tried."""
    spellings = {word, word.lower(), word.upper(), word.capitalize()}

    def holds(column: ColumnElement[str]) -> ColumnElement[bool]:
        return or_(*(column.icontains(spelling, autoescape=True) for spelling in sorted(spellings)))

    said = exists().where(messages.c.session == sessions.c.id, messages.c.role != "reset", holds(messages.c.text))
    return or_(holds(sessions.c.title), said)
