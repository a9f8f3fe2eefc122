from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, func, select
from tests.unit.chat.conftest import ME, Room, end

from serai.chat import rows, writing
from serai.chat.turns import Turns
from serai.errors import StorageFailed
from serai.storage import tables
from serai.storage.database import Database

MakeRoom = Callable[..., Room]


async def test_what_a_kill_left_is_interrupted_with_its_text(db: Database, room: Room) -> None:
    session = await room.session()
    answer = await room.ask(session)

    def killed(c: Connection) -> None:
        rows.change_message(c, answer.id, text="before ", state="streaming")
        rows.add_piece(c, answer.id, 8, "piece ")
        rows.add_piece(c, answer.id, 9, "by piece")

    await db.write(killed)
    assert await Turns(db, room.sessions, room.backend).recover() == 1
    found = await room.sessions.message(ME, answer.id)
    assert (found.text, found.state) == ("before piece by piece", "interrupted")
    assert await room.turns.recover() == 0


async def test_what_was_deleted_long_ago_is_gone_for_good(db: Database, room: Room) -> None:
    old, young, kept = [await room.session() for _ in range(3)]
    await room.ask(old)
    for session in (old, young):
        await room.sessions.delete(ME, session)
    await db.write(lambda c: rows.change_session(c, old, deleted_at=5.0))
    await room.turns.recover()
    assert (await room.sessions.restore(ME, young)).id == young
    assert set(await db.read(lambda c: list(c.scalars(select(tables.sessions.c.id))))) == {young, kept}
    assert await db.read(lambda c: c.scalar(select(func.count()).select_from(tables.messages))) == 0


async def test_no_piece_is_left_after_the_end(db: Database, room: Room) -> None:
    await room.ask(await room.session())
    assert await db.read(lambda c: c.scalar(select(func.count()).select_from(tables.pieces))) == 0


async def test_pieces_are_committed_before_they_are_shown(
    make_room: MakeRoom, gate: asyncio.Event, db: Database
) -> None:
    room = make_room("a", "b", gate)
    answer = await room.begin(await room.session())
    await room.read_until(answer.id, "ab")
    assert await db.read(lambda c: rows.pieces_of(c, answer.id)) == "ab"


async def test_nothing_is_shown_that_cannot_be_written(
    make_room: MakeRoom, gate: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageFailed("The disk is full.", cause="full")

    monkeypatch.setattr(rows, "add_piece", full)
    room = make_room("lost", gate)
    answer = await room.begin(await room.session())
    shown = await room.read(answer.id)
    assert (end(shown).state, end(shown).text) == ("failed", "")
    assert end(shown).error == StorageFailed("The disk is full.", cause="full").as_dict()
    assert room.backend.closed == 1


async def test_an_end_that_cannot_be_written_is_tried_again(
    make_room: MakeRoom, monkeypatch: pytest.MonkeyPatch, db: Database
) -> None:
    real, times = rows.end_answer, []

    def full_at_first(c: Connection, message: str, session: str, **values: object) -> str:
        times.append(1)
        if len(times) == 1:
            raise StorageFailed("The disk is full.", cause="full")
        return real(c, message, session, **values)

    monkeypatch.setattr(rows, "end_answer", full_at_first)
    monkeypatch.setattr(writing, "RETRY_S", 0.0)
    room = make_room("kept")
    answer = await room.begin(await room.session())
    assert (await room.turns.result(ME, answer.id)).text == "kept"
    async with asyncio.timeout(5):
        while (await room.sessions.message(ME, answer.id)).state != "done":  # noqa: ASYNC110
            await asyncio.sleep(0.005)
