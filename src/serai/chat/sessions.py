"""Sessions: the chats of a person, kept in rows. Answers are written by `turns`."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from serai.chat import rows, search
from serai.chat.export import Exported, pack, unpack
from serai.chat.records import Message, Session
from serai.errors import BadRequest
from serai.storage.database import Database
from serai.tasks import text_generation
from serai.telemetry.events import Events
from serai.types import new_id

CHANGEABLE = frozenset({"title", "model", "system", "settings", "folder", "pinned", "private"})


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
        """A new session with some of `CHANGEABLE` set."""
        now = time.time()
        session = Session(id=new_id("ses"), principal=person, created_at=now, updated_at=now, **_checked(values))
        await self._db.write(lambda c: rows.insert_session(c, person, session))
        return self.publish(session)

    async def get(self, person: str, session: str) -> Session:
        return self._live(await self._db.read(lambda c: rows.find_session(c, person, session)))

    async def open(self, person: str, session: str) -> tuple[Session, list[Message]]:
        """The session and the branch it shows, from the root to its leaf."""

        def work(c: Connection) -> tuple[Session, list[Message]]:
            row = rows.find_session(c, person, session)
            return row, rows.path(rows.tree(c, session), row.leaf)

        row, branch = await self._db.read(work)
        return self._live(row), branch

    async def message(self, person: str, message: str, session: str | None = None) -> Message:
        return await self._db.read(lambda c: rows.find_message(c, person, message, session))

    async def change(self, person: str, session: str, values: Mapping[str, Any]) -> Session:
        """Sets some of `CHANGEABLE`."""
        checked = _checked(values)

        def work(c: Connection) -> Session:
            row = rows.find_session(c, person, session)
            if checked:
                rows.change_session(c, session, **checked)
            return replace(row, **checked)

        return self.publish(await self._db.write(work))

    async def delete(self, person: str, session: str) -> None:
        """Hides it; `restore` undoes that."""

        def work(c: Connection) -> None:
            rows.find_session(c, person, session)
            rows.change_session(c, session, deleted_at=time.time())

        await self._db.write(work)
        self._events.publish("session.deleted", {"id": session, "principal": person})

    async def restore(self, person: str, session: str) -> Session:
        def work(c: Connection) -> Session:
            row = rows.find_session(c, person, session, deleted=True)
            rows.change_session(c, session, deleted_at=None)
            return row

        return self.publish(await self._db.write(work))

    async def select(self, person: str, session: str, message: str) -> tuple[Session, list[Message]]:
        """Shows the newest branch through a message."""

        def work(c: Connection) -> None:
            rows.find_session(c, person, session)
            rows.find_message(c, person, message, session)
            rows.change_session(c, session, leaf=rows.newest_leaf(rows.tree(c, session), message))

        await self._db.write(work)
        row, branch = await self.open(person, session)
        return self.publish(row), branch

    async def reset(self, person: str, session: str) -> Message:
        """The context starts anew after this marker; what was said stays. Conflict while an answer is written."""

        def work(c: Connection) -> tuple[Session, Message]:
            row = rows.find_session(c, person, session)
            rows.branch_to(c, session, row.leaf)
            marker = rows.add_message(c, session, "reset", parent=row.leaf)
            rows.change_session(c, session, leaf=marker.id, updated_at=marker.created_at)
            return replace(row, updated_at=marker.created_at), marker

        row, marker = await self._db.write(work)
        self.publish(row)
        return marker

    async def export(self, person: str, session: str) -> Exported:
        """The whole session with all its branches; an answer that is being written as far as it got."""

        def work(c: Connection) -> Exported:
            return pack(rows.find_session(c, person, session), rows.tree(c, session, whole=True))

        return await self._db.read(work)

    async def import_(self, person: str, exported: Exported) -> Session:
        """A new session from an exported one, with ids of its own; raises BadRequest when its tree is broken."""
        text_generation.check(exported.settings)
        session, messages = unpack(exported)

        def work(c: Connection) -> None:
            rows.insert_session(c, person, session)
            for message in messages:
                rows.insert_message(c, message)

        await self._db.write(work)
        return self.publish(replace(session, principal=person))

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
        self._events.publish("session", {**live.as_dict(), "principal": live.principal})
        return live

    def _live(self, session: Session) -> Session:
        return replace(session, streaming=session.id in self._streaming)


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := values.keys() - CHANGEABLE:
        raise BadRequest(f"A chat has no {', '.join(sorted(unknown))} that can be set.")
    settings = {"settings": text_generation.check(values["settings"])} if "settings" in values else {}
    return {**values, **settings}
