"""A room for chats: a real database, a scripted model, and ways to look on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest_asyncio
from tests.fakes.scripted import ScriptedBackend, Step

from serai.chat.draft import Changed, End, Piece, Shown
from serai.chat.records import Message
from serai.chat.sessions import Sessions
from serai.chat.turns import Turns
from serai.storage.database import Database
from serai.telemetry.events import Events
from serai.types import OWNER

ME = OWNER.id


class Room:
    """Sessions and turns over one database, answered by `backend`."""

    def __init__(self, db: Database, backend: ScriptedBackend) -> None:
        self.db = db
        self.backend = backend
        self.events = Events()
        self.sessions = Sessions(db, self.events)
        self.turns = Turns(db, self.sessions, backend)

    async def session(self, **values: object) -> str:
        return (await self.sessions.create(ME, **values)).id

    async def ask(self, session: str, text: str = "hi", **wishes: object) -> Message:
        """Asks and waits for the whole answer."""
        _, answer = await self.turns.ask(OWNER, ME, session, text, **wishes)
        return await self.turns.result(ME, answer.id)

    async def begin(self, session: str, text: str = "hi", **wishes: object) -> Message:
        return (await self.turns.ask(OWNER, ME, session, text, **wishes))[1]

    async def read(self, message: str, after: int = 0) -> list[Shown]:
        return [shown async for shown in self.turns.follow(ME, message, after)]

    async def read_until(self, message: str, text: str, after: int = 0) -> int:
        """Reads along until `text` was shown; returns the number of its last piece."""
        seen = ""
        async for shown in self.turns.follow(ME, message, after):
            if isinstance(shown, Piece):
                seen += shown.text
                if seen == text:
                    return shown.seq
        raise AssertionError(f"the answer ended after {seen!r}")

    async def texts(self, session: str) -> list[str]:
        return [message.text for message in (await self.sessions.open(ME, session))[1]]


def pieces(shown: list[Shown]) -> str:
    return "".join(one.text for one in shown if isinstance(one, Piece))


def states(shown: list[Shown]) -> list[str]:
    return [one.state for one in shown if isinstance(one, Changed)]


def end(shown: list[Shown]) -> Message:
    assert isinstance(shown[-1], End)
    return shown[-1].message


@pytest_asyncio.fixture
async def make_room(db: Database) -> AsyncIterator[Callable[..., Room]]:
    rooms: list[Room] = []

    def make(*script: Step, **wishes: object) -> Room:
        rooms.append(Room(db, ScriptedBackend(script=script or ("Hello", " there"), **wishes)))  # type: ignore[arg-type]
        return rooms[-1]

    yield make
    for room in rooms:
        await room.turns.close()


@pytest_asyncio.fixture
async def room(make_room: Callable[..., Room]) -> Room:
    return make_room()


@pytest_asyncio.fixture
async def gate() -> asyncio.Event:
    return asyncio.Event()
