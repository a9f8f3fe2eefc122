"""Turns: questions and their answers, which are written in the background, whoever is looking."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection

from serai.chat import rows
from serai.chat.draft import End, Shown
from serai.chat.records import Message, Session
from serai.chat.sessions import Sessions
from serai.chat.titles import title
from serai.chat.writing import Runs, Writer
from serai.errors import BadRequest, Conflict
from serai.storage.database import Database
from serai.types import NO_WISHES, Principal, Wishes

LEAF: Final = "the leaf"
"""Where a question goes when nothing else is said: after the last message that is shown."""

KEPT_S = 30 * 24 * 3600.0
"""So long a deleted session can be restored, at least."""

Begun = tuple[Session, list[Message], Message]


class Turns:
    """`who` makes the call; `person` owns the session; `wishes` and `deadline` are for this one answer.

    Two answers may be written at once in one session, but never one upon the other: whatever would follow an answer
    that is still being written raises Conflict."""

    def __init__(self, db: Database, sessions: Sessions, router: Runs) -> None:
        self._db = db
        self._sessions = sessions
        self._writer = Writer(db, sessions, router)

    async def recover(self) -> int:
        """Ends what a killed server left unfinished as `interrupted`, with all its text; returns how many. Sessions
        that were deleted long ago are removed for good."""
        await self._db.write(lambda c: rows.purge(c, time.time() - KEPT_S))
        return await self._db.write(rows.fold_all)

    async def close(self) -> None:
        """Interrupts every answer; what was written of it is kept."""
        await self._writer.close()

    async def ask(
        self,
        who: Principal,
        person: str,
        session: str,
        text: str,
        *,
        model: str | None = None,
        parent: str | None = LEAF,
        wishes: Wishes = NO_WISHES,
        deadline: float | None = None,
    ) -> tuple[Message, Message]:
        """Adds a question and begins its answer. A `parent` that is not the leaf makes a branch; None, a new root."""

        def work(c: Connection) -> tuple[Begun, Message]:
            row = rows.find_session(c, person, session)
            before = rows.branch_to(c, session, row.leaf if parent == LEAF else parent)
            question = rows.add_message(c, session, "user", parent=before[-1].id if before else None, text=text)
            return _await_answer(c, row, [*before, question], model), question

        async def begin() -> tuple[Message, Message]:
            (row, branch, answer), question = await self._db.write(work)
            self._writer.begin(who, person, row, branch, answer, wishes, deadline)
            return question, answer

        return await self._writer.surely(begin())

    async def regenerate(
        self,
        who: Principal,
        person: str,
        session: str,
        message: str,
        *,
        model: str | None = None,
        wishes: Wishes = NO_WISHES,
        deadline: float | None = None,
    ) -> Message:
        """Another answer beside the one given (or the first to a question); both stay."""

        def work(c: Connection) -> Begun:
            row = rows.find_session(c, person, session)
            old = rows.find_message(c, person, message, session)
            if old.role == "reset":
                raise BadRequest("A reset marker has no answer that could be written anew.")
            branch = rows.branch_to(c, session, old.parent if old.role == "assistant" else old.id)
            if not branch:
                raise BadRequest("This answer has no question before it.")
            return _await_answer(c, row, branch, model)

        return await self._writer.surely(self._begin(who, person, work, wishes, deadline))

    async def proceed(
        self,
        who: Principal,
        person: str,
        session: str,
        message: str,
        *,
        wishes: Wishes = NO_WISHES,
        deadline: float | None = None,
    ) -> Message:
        """Goes on with an answer that was stopped, interrupted, cut off, or is simply too short."""

        def work(c: Connection) -> Begun:
            row = rows.find_session(c, person, session)
            old = rows.find_message(c, person, message, session)
            if old.role != "assistant":
                raise BadRequest("Only an answer can be continued.")
            branch = rows.branch_to(c, session, old.id)
            if rows.has_children(c, old):
                raise Conflict("Messages follow this answer.", hint="Regenerate it: that makes a branch.")
            rows.change_message(c, old.id, state="waiting", error=None)
            rows.change_session(c, session, leaf=old.id)
            answer = replace(old, state="waiting", error=None)
            return row, [*branch[:-1], answer], answer

        return await self._writer.surely(self._begin(who, person, work, wishes, deadline))

    async def stop(self, person: str, session: str, message: str) -> Message:
        """Ends an answer that is being written and returns it; one that has ended is returned as it is."""
        found = await self._sessions.message(person, message, session)
        return await self._writer.stop(message) or found

    async def delete(self, person: str, session: str) -> None:
        """Ends what is being written in a session and hides it; `Sessions.restore` undoes that."""
        await self._sessions.get(person, session)
        await self._writer.stop_session(session)
        await self._sessions.delete(person, session)

    async def follow(self, person: str, message: str, after: int = 0) -> AsyncGenerator[Shown, None]:
        """Reads along: everything after `after` first, then what comes, then the End. For an answer that ended long
        ago only the End, whose message has the whole text. Raises NotFound."""
        draft = self._writer.draft(message)
        if draft is None or draft.person != person:
            yield End(await self._sessions.message(person, message))
            return
        async with aclosing(draft.follow(after)) as shown:
            async for what in shown:
                yield what

    async def result(self, person: str, message: str) -> Message:
        """The answer when it has ended."""
        draft = self._writer.draft(message)
        if draft is None or draft.person != person:
            return await self._sessions.message(person, message)
        return await draft.ended()

    async def _begin(
        self,
        who: Principal,
        person: str,
        work: Callable[[Connection], Begun],
        wishes: Wishes,
        deadline: float | None,
    ) -> Message:
        row, branch, answer = await self._db.write(work)
        self._writer.begin(who, person, row, branch, answer, wishes, deadline)
        return answer


def _await_answer(c: Connection, session: Session, branch: list[Message], model: str | None) -> Begun:
    """A row for the answer to a branch that ends in a question."""
    answer = rows.add_message(
        c, session.id, "assistant", parent=branch[-1].id, state="waiting", model=model or session.model
    )
    changes: dict[str, Any] = {
        "leaf": answer.id,
        "title": session.title or title(branch[-1].text),
        "updated_at": answer.created_at,
    }
    rows.change_session(c, session.id, **changes)
    return replace(session, **changes), branch, answer
