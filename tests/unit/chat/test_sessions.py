from __future__ import annotations

import pytest
from tests.unit.chat.conftest import ME, Room

from serai.chat.records import Session
from serai.errors import BadRequest, NotFound, UnknownField


async def found(room: Room, **query: object) -> list[str]:
    sessions, _ = await room.sessions.page(ME, **query)  # type: ignore[arg-type]
    return [session.title for session in sessions]


async def test_newest_first_and_pinned_before_all(room: Room) -> None:
    ids = [await room.session(title=title) for title in "abc"]
    await room.sessions.change(ME, ids[0], {"pinned": True})
    assert await found(room) == ["a", "c", "b"]


async def test_a_chat_that_goes_on_comes_first(room: Room) -> None:
    first = await room.session(title="first")
    await room.session(title="second")
    await room.ask(first)
    assert await found(room) == ["first", "second"]


async def test_pages_follow_each_other_without_gap(room: Room) -> None:
    for title in "abcde":
        await room.session(title=title)
    seen: list[Session] = []
    before: float | None = None
    while True:
        page, before = await room.sessions.page(ME, limit=2, before=before)
        seen += page
        if before is None:
            break
    assert [session.title for session in seen] == list("edcba")


async def test_sessions_of_the_same_moment_are_not_lost_between_pages(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serai.chat.sessions.time.time", lambda: 5.0)
    for title in "abc":
        await room.session(title=title)
    page, _ = await room.sessions.page(ME, limit=1)
    assert {session.title for session in page} == set("abc")


@pytest.mark.parametrize("q", ["caravan", "CARAVAN", "desert inn", "über", "Straße", "سلام", "100%"])
async def test_search_finds_titles_and_texts(room: Room, q: str) -> None:
    session = await room.session(title="About a Caravan")
    await room.ask(session, "In the Desert is an Inn. Über die Straße: سلام 100% sure")
    await room.session(title="other")
    assert await found(room, q=q) == ["About a Caravan"]


@pytest.mark.parametrize("q", ["camel", "%", "_nn", "caravan camel", "'; DROP TABLE sessions; --"])
async def test_search_takes_nothing_for_a_pattern(room: Room, q: str) -> None:
    await room.ask(await room.session(title="caravan"), "an inn")
    assert await found(room, q=q) == []


async def test_folders(room: Room) -> None:
    await room.session(title="a", folder="work")
    await room.session(title="b")
    assert await found(room, folder="work") == ["a"]


async def test_change_only_what_is_given(room: Room) -> None:
    session = await room.session(title="a", system="s", settings={"top_k": 1})
    changed = await room.sessions.change(ME, session, {"folder": "work", "settings": {"seed": 5}})
    assert (changed.title, changed.system, changed.folder, changed.settings) == ("a", "s", "work", {"seed": 5})
    assert await room.sessions.get(ME, session) == changed


async def test_what_cannot_be_set_is_refused(room: Room) -> None:
    session = await room.session()
    with pytest.raises(BadRequest):
        await room.sessions.change(ME, session, {"principal": "me"})
    with pytest.raises(UnknownField, match="temprature"):
        await room.sessions.change(ME, session, {"settings": {"temprature": 1}})


async def test_delete_hides_and_restore_brings_back(room: Room) -> None:
    session = await room.session(title="a")
    await room.ask(session, "one")
    await room.sessions.delete(ME, session)
    assert await found(room) == []
    with pytest.raises(NotFound):
        await room.sessions.open(ME, session)
    await room.sessions.restore(ME, session)
    assert await room.texts(session) == ["one", "Hello there"]
    with pytest.raises(NotFound):
        await room.sessions.restore(ME, session)


async def test_others_see_nothing(room: Room) -> None:
    session = await room.session(title="a")
    assert (await room.sessions.page("other"))[0] == []
    for attempt in (
        room.sessions.get("other", session),
        room.sessions.change("other", session, {"title": "x"}),
        room.sessions.delete("other", session),
        room.sessions.export("other", session),
        room.sessions.reset("other", session),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_a_reset_is_a_marker_in_the_branch(room: Room) -> None:
    session = await room.session()
    await room.ask(session, "one")
    marker = await room.sessions.reset(ME, session)
    await room.ask(session, "two")
    assert [message.role for message in (await room.sessions.open(ME, session))[1]] == [
        "user",
        "assistant",
        "reset",
        "user",
        "assistant",
    ]
    assert marker.role == "reset"
    assert room.backend.calls[-1].inputs["messages"] == [{"role": "user", "content": "two"}]


async def test_a_message_of_another_chat_cannot_be_shown(room: Room) -> None:
    mine, other = await room.session(), await room.session()
    answer = await room.ask(other)
    with pytest.raises(NotFound):
        await room.sessions.select(ME, mine, answer.id)


async def test_a_thousand_messages_open(room: Room) -> None:
    session = await room.session()
    for _ in range(20):
        await room.ask(session)
    assert len(await room.texts(session)) == 40
