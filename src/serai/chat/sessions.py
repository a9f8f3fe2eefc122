"""Sessions: the chats of a person, kept in rows. Answers are written by `turns`."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, insert

from serai.chat import export, rows, search
from serai.chat.records import Message, Session
from serai.errors import BadRequest
from serai.storage.database import Database
from serai.storage.tables import sessions
from serai.telemetry.events import Events
from serai.types import new_id

CHANGEABLE = frozenset({"title", "model", "system", "settings", "folder", "pinned"})


class Sessions:
    """Every change is committed before it returns and then published as an event of topic `session`.

    Methods take the person whose sessions they are about; another's are NotFound."""

    def __init__(self, db: Database, events: Events) -> None:
        self._db = db
        self._events = events
        self._streaming: Counter[str] = Counter()

    async def page(
        self, person: str, *, q: str = "", folder: str | None = None, limit: int = 50, before: float | None = None
    ) -> tuple[list[Session], float | None]:
        """Sessions, newest first, and the `before` of the next page (None: this was the last)."""
        found, following = await self._db.read(
            lambda c: search.page(c, person, q=q, folder=folder, limit=limit, before=before)
        )
        return [self._live(session) for session in found], following

    async def create(self, person: str, **values: Any) -> Session:
        now = time.time()
        session = Session(id=new_id("ses"), created_at=now, updated_at=now, **_checked(values))
        await self._db.write(lambda c: _insert(c, person, session))
        return self.publish(session)

    async def get(self, person: str, id: str) -> Session:
        return self._live(await self._db.read(lambda c: rows.find_session(c, person, id)))

    async def open(self, person: str, id: str) -> tuple[Session, list[Message]]:
        """The session and the branch it shows, from the root to its leaf."""

        def work(c: Connection) -> tuple[Session, list[Message]]:
            session = rows.find_session(c, person, id)
            return session, rows.path(rows.tree(c, id), session.leaf)

        session, branch = await self._db.read(work)
        return self._live(session), branch

    async def message(self, person: str, id: str, session: str | None = None) -> Message:
        return await self._db.read(lambda c: rows.find_message(c, person, id, session))

    async def change(self, person: str, id: str, values: Mapping[str, Any]) -> Session:
        """Sets some of `CHANGEABLE`."""
        return await self._change(person, id, **_checked(values))

    async def delete(self, person: str, id: str) -> None:
        """Hides it; `restore` undoes that."""

        def work(c: Connection) -> None:
            rows.find_session(c, person, id)
            rows.change_session(c, id, deleted_at=time.time())

        await self._db.write(work)
        self._events.publish("session.deleted", {"id": id})

    async def restore(self, person: str, id: str) -> Session:
        def work(c: Connection) -> Session:
            session = rows.find_session(c, person, id, deleted=True)
            rows.change_session(c, id, deleted_at=None)
            return session

        return self.publish(await self._db.write(work))

    async def select(self, person: str, id: str, message: str) -> tuple[Session, list[Message]]:
        """Shows the newest branch through a message."""

        def work(c: Connection) -> None:
            rows.find_session(c, person, id)
            rows.find_message(c, person, message, id)
            rows.change_session(c, id, leaf=rows.newest_leaf(rows.tree(c, id), message))

        await self._db.write(work)
        session, branch = await self.open(person, id)
        return self.publish(session), branch

    async def reset(self, person: str, id: str) -> Message:
        """The context starts anew after this marker; what was said stays. Conflict while an answer is written."""

        def work(c: Connection) -> tuple[Session, Message]:
            session = rows.find_session(c, person, id)
            rows.branch_to(c, id, session.leaf)
            marker = rows.add_message(c, id, "reset", parent=session.leaf)
            rows.change_session(c, id, leaf=marker.id, updated_at=marker.created_at)
            return replace(session, updated_at=marker.created_at), marker

        session, marker = await self._db.write(work)
        self.publish(session)
        return marker

    async def export(self, person: str, id: str) -> export.Exported:
        """The whole session with all its branches."""

        def work(c: Connection) -> export.Exported:
            session = rows.find_session(c, person, id)
            return export.pack(session, rows.tree(c, id, whole=True))

        return await self._db.read(work)

    async def import_(self, person: str, exported: export.Exported) -> Session:
        """A new session from an exported one, with ids of its own; raises BadRequest when its tree is broken."""
        session, tree = export.unpack(exported)

        def work(c: Connection) -> None:
            _insert(c, person, session)
            for message in tree:
                rows.insert_message(c, message)

        await self._db.write(work)
        return self.publish(session)

    def started(self, session: str) -> None:
        """An answer of it begins to be written."""
        self._streaming[session] += 1

    def ended(self, session: str) -> None:
        self._streaming[session] -= 1
        if self._streaming[session] <= 0:
            del self._streaming[session]

    def publish(self, session: Session) -> Session:
        """Tells everybody what the session is like now."""
        live = self._live(session)
        self._events.publish("session", live.as_dict())
        return live

    def _live(self, session: Session) -> Session:
        return replace(session, streaming=session.id in self._streaming)

    async def _change(self, person: str, id: str, **values: Any) -> Session:
        def work(c: Connection) -> Session:
            session = rows.find_session(c, person, id)
            if values:
                rows.change_session(c, id, **values)
            return replace(session, **values)

        return self.publish(await self._db.write(work))


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := values.keys() - CHANGEABLE:
        raise BadRequest(f"A chat has no {', '.join(sorted(unknown))} that can be set.")
    return dict(values)


def _insert(c: Connection, person: str, session: Session) -> None:
    row = {**session.as_dict(), "leaf": session.leaf, "principal": person}
    del row["streaming"]
    c.execute(insert(sessions).values(row))
