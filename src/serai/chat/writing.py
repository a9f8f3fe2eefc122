"""The writer: runs each answer in the background and commits every piece of it before anybody sees it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, replace
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from serai.chat import rows
from serai.chat.context import context
from serai.chat.draft import Draft
from serai.chat.records import Message, Session
from serai.chat.sessions import Sessions
from serai.errors import Internal, SeraiError
from serai.storage.database import Database
from serai.telemetry import logs
from serai.types import AUTO, CHAT, NO_WISHES, Call, Delta, Principal, Wishes

T = TypeVar("T")

_REMEMBERED = 64
"""So many ended answers stay in memory, for readers whose connection broke just before the end."""

RETRY_S = 5.0


class Runs(Protocol):
    """What this room needs of the router."""

    def run(self, call: Call) -> AsyncGenerator[Delta, None]: ...


class Writer:
    """Holds the drafts of all answers that are being written, and of the last that were."""

    def __init__(self, db: Database, sessions: Sessions, router: Runs) -> None:
        self._db = db
        self._sessions = sessions
        self._router = router
        self._drafts: dict[str, Draft] = {}
        self._ended: OrderedDict[str, Draft] = OrderedDict()
        self._generations: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing = False
        self._log = logs.get("server")

    async def close(self) -> None:
        """Interrupts every answer; what was written of it is kept."""
        self._closing = True
        for generation in self._generations.values():
            generation.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def draft(self, message: str) -> Draft | None:
        """The draft of an answer that is being written or ended a short while ago."""
        return self._drafts.get(message) or self._ended.get(message)

    def begin(
        self,
        who: Principal,
        person: str,
        session: Session,
        branch: Sequence[Message],
        answer: Message,
        wishes: Wishes = NO_WISHES,
        deadline: float | None = None,
    ) -> None:
        """Starts writing an answer whose row is committed; `branch` is what the model reads. Where the session, or the
        wishes, are private, it never leaves this machine."""
        call = Call(
            task=CHAT,
            model=answer.model or AUTO,
            inputs={"messages": context(branch, session.system)},
            settings=session.settings,
            principal=who,
            wishes=replace(wishes, private=session.private or wishes.private, session=session.id, dialect="native"),
            deadline=deadline,
        )
        draft = Draft(person, answer)
        self._drafts[answer.id] = draft
        self._ended.pop(answer.id, None)
        generation = self._generations[answer.id] = self._spawn(self._generate(draft, call))
        if self._closing:
            generation.cancel()
        self._spawn(self._write(draft, generation))
        self._sessions.started(session.id)
        self._sessions.publish(session)

    async def stop(self, message: str) -> Message | None:
        """Ends an answer and returns it whole; None when it is not being written."""
        draft = self._drafts.get(message)
        if draft is None:
            return None
        self._generations[message].cancel()
        return await draft.ended()

    async def stop_session(self, session: str) -> None:
        """Ends all that is being written in a session."""
        for message in [m for m, draft in self._drafts.items() if draft.message.session == session]:
            await self.stop(message)

    async def surely(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs to its end even when the asker goes away in the middle: an answer that has a row gets its writer."""
        return await asyncio.shield(self._spawn(work))

    async def _generate(self, draft: Draft, call: Call) -> None:
        async with aclosing(self._router.run(call)) as deltas:
            async for delta in deltas:
                draft.add(delta)

    async def _write(self, draft: Draft, generation: asyncio.Task[None]) -> None:
        generation.add_done_callback(lambda _: draft.complete())
        failure: BaseException | None = None
        try:
            await self._commit_pieces(draft)
        except Exception as error:
            generation.cancel()
            failure = error
        await asyncio.wait({generation})
        if failure is None and not generation.cancelled():
            failure = generation.exception()
        await self._end(draft, self._outcome(draft, failure, cancelled=generation.cancelled()))

    async def _commit_pieces(self, draft: Draft) -> None:
        message = draft.message.id
        while (taken := await draft.take()) is not None:
            opening, text = taken
            seq = draft.next_seq

            def work(c: Connection, opening: Any = opening, text: str = text, seq: int = seq) -> None:
                if opening is not None:
                    rows.change_message(c, message, **opening)
                if text:
                    rows.add_piece(c, message, seq, text)

            await self._db.write(work)
            draft.show(opening, text)

    def _outcome(self, draft: Draft, failure: BaseException | None, *, cancelled: bool) -> dict[str, Any]:
        """The columns of the message's end."""
        usage = asdict(draft.usage) if draft.usage else None
        if failure is not None:
            if not isinstance(failure, SeraiError):
                self._log.error("an answer failed through a fault of Serai", exc_info=failure)
                failure = Internal("Something went wrong inside Serai.", hint="The server's log says more.")
            return {"state": "failed", "error": failure.as_dict(), "usage": usage}
        if cancelled:
            return {"state": "interrupted" if self._closing else "stopped", "usage": usage}
        return {"state": "done", "usage": usage}

    async def _end(self, draft: Draft, outcome: Mapping[str, Any]) -> None:
        message, session = draft.message.id, draft.message.session
        while True:
            try:
                text = await self._db.write(lambda c: rows.end_answer(c, message, session, **outcome))
                break
            except Exception as error:
                # A full disk, say. The pieces are in the database; only the message's end is missing there.
                text = draft.text
                draft.end(replace(draft.message, text=text, **self._outcome(draft, error, cancelled=False)))
                if self._closing:
                    break
                await asyncio.sleep(RETRY_S)
        self._forget(draft)
        draft.end(replace(draft.message, text=text, **outcome))
        with contextlib.suppress(SeraiError):  # the session may have been deleted meanwhile
            self._sessions.publish(await self._sessions.get(draft.person, session))

    def _forget(self, draft: Draft) -> None:
        message = draft.message.id
        del self._drafts[message], self._generations[message]
        self._ended[message] = draft
        while len(self._ended) > _REMEMBERED:
            self._ended.popitem(last=False)
        self._sessions.ended(draft.message.session)

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
