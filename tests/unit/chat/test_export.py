from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from pydantic import ValidationError
from tests.unit.chat.conftest import ME, Room

from serai.chat.export import Exported, markdown
from serai.errors import BadRequest, UnknownField


async def test_an_import_equals_what_was_exported(room: Room) -> None:
    session = await room.session(system="Be brief.", settings={"temperature": 0.5}, folder="work")
    first = await room.ask(session, "one")
    await room.ask(session, "two")
    await room.ask(session, "zwei", parent=first.id)
    exported = await room.sessions.export(ME, session)
    copy = await room.sessions.import_(ME, Exported.model_validate_json(exported.model_dump_json()))
    assert copy.id != session
    assert await room.texts(copy.id) == await room.texts(session)
    again = await room.sessions.export(ME, copy.id)
    shape = {"messages": {"__all__": {"id", "parent"}}, "leaf": True}
    assert again.model_dump(exclude=shape) == exported.model_dump(exclude=shape)


async def test_an_imported_chat_goes_on(room: Room) -> None:
    session = await room.session()
    await room.ask(session, "one")
    copy = await room.sessions.import_(ME, await room.sessions.export(ME, session))
    await room.ask(copy.id, "two")
    assert len(await room.texts(copy.id)) == 4


async def test_what_is_being_written_is_exported_as_far_as_it_got(
    make_room: Callable[..., Room], gate: asyncio.Event
) -> None:
    room = make_room("so far", gate)
    session = await room.session()
    answer = await room.begin(session)
    await room.read_until(answer.id, "so far")
    last = (await room.sessions.export(ME, session)).messages[-1]
    assert (last.text, last.state) == ("so far", "interrupted")


@pytest.mark.parametrize(
    "messages",
    [
        [{"id": "a", "role": "user"}, {"id": "a", "role": "user"}],
        [{"id": "a", "role": "user", "parent": "b"}],
        [{"id": "a", "role": "user", "parent": "a"}],
        [{"id": "a", "role": "user", "parent": "b"}, {"id": "b", "role": "user", "parent": "a"}],
    ],
)
async def test_a_broken_tree_is_refused(room: Room, messages: list[dict[str, str]]) -> None:
    with pytest.raises(BadRequest):
        await room.sessions.import_(ME, Exported.model_validate({"serai": "session", "messages": messages}))


async def test_a_leaf_or_setting_that_is_not_there_is_refused(room: Room) -> None:
    with pytest.raises(BadRequest):
        await room.sessions.import_(ME, Exported(serai="session", leaf="x"))
    with pytest.raises(UnknownField):
        await room.sessions.import_(ME, Exported(serai="session", settings={"heat": 1}))


@pytest.mark.parametrize(
    "file",
    [
        {},
        {"serai": "other"},
        {"serai": "session", "version": 2},
        {"serai": "session", "extra": 1},
        {"serai": "session", "messages": [{"id": "a", "role": "system"}]},
        {"serai": "session", "messages": [{"id": "a", "role": "user", "state": "streaming"}]},
        {"serai": "session", "messages": [{"id": "a", "role": "user", "created_at": float("nan")}]},
    ],
)
def test_a_file_of_another_kind_is_refused(file: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Exported.model_validate(file)


async def test_markdown_reads_well(room: Room) -> None:
    session = await room.session(system="Be brief.", title="A chat")
    await room.ask(session, "one")
    await room.sessions.reset(ME, session)
    await room.ask(session, "two")
    assert markdown(*await room.sessions.open(ME, session)) == (
        "# A chat\n\n> Be brief.\n\n**You**\n\none\n\n**auto**\n\nHello there\n\n---\n\n"
        "**You**\n\ntwo\n\n**auto**\n\nHello there\n"
    )
