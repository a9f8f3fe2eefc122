from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from tests.unit.chat.conftest import ME, Room, end, pieces, states

from serai.errors import BadRequest, Conflict, LoadFailed, NotFound
from serai.types import AUTO, OWNER, Delta

MakeRoom = Callable[..., Room]


async def test_an_answer_is_written_and_measured(room: Room) -> None:
    session = await room.session()
    answer = await room.ask(session, "Who are you?")
    assert (answer.text, answer.state) == ("Hello there", "done")
    assert answer.usage is not None and answer.usage["completion_tokens"] == 2
    assert answer.answerer is not None and answer.answerer["backend"] == "scripted"
    assert await room.texts(session) == ["Who are you?", "Hello there"]


async def test_the_first_question_gives_the_title(room: Room) -> None:
    session = await room.session()
    await room.ask(session, "# Tell me of caravans\nall of it")
    await room.ask(session, "And of inns")
    assert (await room.sessions.get(ME, session)).title == "Tell me of caravans"


async def test_the_model_settings_and_context_reach_the_call(room: Room) -> None:
    session = await room.session(system="Be brief.", settings={"temperature": 0.5}, model="tiny")
    await room.ask(session, "one")
    await room.ask(session, "two", model="other")
    first, second = room.backend.calls
    assert (first.model, first.settings, second.model) == ("tiny", {"temperature": 0.5}, "other")
    said = [message["content"] for message in second.inputs["messages"]]
    assert said == ["Be brief.", "one", "Hello there", "two"]


async def test_without_a_model_the_choice_is_serais(room: Room) -> None:
    await room.ask(await room.session())
    assert room.backend.calls[0].model == AUTO


async def test_it_waits_while_the_model_loads_then_streams(make_room: MakeRoom, gate: asyncio.Event) -> None:
    room = make_room(gate, "Hello")
    session = await room.session()
    answer = await room.begin(session)
    assert answer.state == "waiting"
    assert (await room.sessions.get(ME, session)).streaming
    gate.set()
    assert states(await room.read(answer.id)) == ["waiting", "streaming"]
    assert not (await room.sessions.get(ME, session)).streaming


async def test_readers_join_at_any_time_without_gap_or_repetition(make_room: MakeRoom, gate: asyncio.Event) -> None:
    room = make_room("a", "b", gate, "c", "d")
    answer = await room.begin(await room.session())
    early = asyncio.create_task(room.read(answer.id))
    seq = await room.read_until(answer.id, "ab")
    late, later = asyncio.create_task(room.read(answer.id)), asyncio.create_task(room.read(answer.id, after=seq))
    gate.set()
    assert pieces(await early) == pieces(await late) == "abcd"
    assert pieces(await later) == "cd"
    assert end(await room.read(answer.id)).text == "abcd"


async def test_a_reader_who_comes_after_the_end_gets_what_it_missed(room: Room) -> None:
    answer = await room.ask(await room.session())
    assert pieces(await room.read(answer.id)) == "Hello there"
    assert end(await room.read(answer.id, after=10_000)).text == "Hello there"


async def test_an_answer_goes_on_without_readers(make_room: MakeRoom, gate: asyncio.Event) -> None:
    room = make_room("a", gate, "b")
    answer = await room.begin(await room.session())
    await room.read_until(answer.id, "a")
    gate.set()
    assert (await room.turns.result(ME, answer.id)).text == "ab"


async def test_stop_keeps_the_text_and_ends_the_model(make_room: MakeRoom, gate: asyncio.Event) -> None:
    room = make_room("so far", gate, "never")
    session = await room.session()
    answer = await room.begin(session)
    await room.read_until(answer.id, "so far")
    stopped = await room.turns.stop(ME, session, answer.id)
    assert (stopped.state, stopped.text, room.backend.closed) == ("stopped", "so far", 1)
    assert await room.turns.stop(ME, session, answer.id) == stopped


async def test_stop_while_waiting(make_room: MakeRoom, gate: asyncio.Event) -> None:
    room = make_room(gate, "never")
    session = await room.session()
    answer = await room.begin(session)
    assert (await room.turns.stop(ME, session, answer.id)).state == "stopped"


async def test_continue_goes_on_with_the_same_message(make_room: MakeRoom, gate: asyncio.Event) -> None:
    room = make_room("one ", gate)
    session = await room.session()
    answer = await room.begin(session)
    seq = await room.read_until(answer.id, "one ")
    await room.turns.stop(ME, session, answer.id)
    room.backend.script = ["two"]
    going = await room.turns.proceed(OWNER, ME, session, answer.id)
    assert (going.id, going.text, going.state) == (answer.id, "one ", "waiting")
    shown = await room.read(answer.id, after=seq)
    assert (pieces(shown), end(shown).text) == ("two", "one two")
    assert room.backend.calls[1].inputs["messages"][-1] == {"role": "assistant", "content": "one "}


async def test_an_answer_with_something_after_it_cannot_be_continued(room: Room) -> None:
    session = await room.session()
    first = await room.ask(session)
    await room.ask(session)
    with pytest.raises(Conflict):
        await room.turns.proceed(OWNER, ME, session, first.id)
    with pytest.raises(BadRequest):
        await room.turns.proceed(OWNER, ME, session, str(first.parent))


async def test_regenerate_adds_a_sibling_that_reads_the_same(room: Room) -> None:
    session = await room.session()
    first = await room.ask(session, "question")
    second = await room.turns.regenerate(OWNER, ME, session, first.id, model="other")
    await room.turns.result(ME, second.id)
    assert second.siblings == (first.id, second.id)
    assert second.model == "other"
    assert room.backend.calls[0].inputs == room.backend.calls[1].inputs
    shown = (await room.sessions.open(ME, session))[1]
    assert [message.id for message in shown] == [first.parent, second.id]


async def test_regenerate_of_a_question_answers_it(room: Room) -> None:
    session = await room.session()
    first = await room.ask(session)
    again = await room.turns.regenerate(OWNER, ME, session, str(first.parent))
    assert again.parent == first.parent


async def test_an_edit_is_a_branch_and_both_can_be_shown(room: Room) -> None:
    session = await room.session()
    first = await room.ask(session, "one")
    second = await room.ask(session, "two")
    edited = await room.ask(session, "two, edited", parent=first.id)
    assert await room.texts(session) == ["one", "Hello there", "two, edited", "Hello there"]
    _, branch = await room.sessions.select(ME, session, str(second.parent))
    assert [message.text for message in branch][2] == "two"
    assert branch[2].siblings == (second.parent, edited.parent)


async def test_editing_the_first_question_makes_a_new_root(room: Room) -> None:
    session = await room.session()
    await room.ask(session, "one")
    await room.ask(session, "uno", parent=None)
    assert await room.texts(session) == ["uno", "Hello there"]


async def test_nothing_follows_an_answer_that_is_being_written(make_room: MakeRoom, gate: asyncio.Event) -> None:
    room = make_room("a", gate)
    session = await room.session()
    answer = await room.begin(session)
    with pytest.raises(Conflict):
        await room.begin(session, "too soon")
    with pytest.raises(Conflict):
        await room.turns.proceed(OWNER, ME, session, answer.id)
    with pytest.raises(Conflict):
        await room.sessions.reset(ME, session)


async def test_of_two_questions_at_once_one_is_refused(make_room: MakeRoom, gate: asyncio.Event) -> None:
    room = make_room(gate)
    session = await room.session()
    outcomes = await asyncio.gather(*(room.begin(session) for _ in range(2)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "Message"]


async def test_other_branches_are_written_at_the_same_time(make_room: MakeRoom, gate: asyncio.Event) -> None:
    room = make_room("a", gate, "b")
    session = await room.session()
    one = await room.begin(session)
    two = await room.turns.regenerate(OWNER, ME, session, one.id)
    three = await room.begin(session, "root", parent=None)
    gate.set()
    assert [(await room.turns.result(ME, each.id)).text for each in (one, two, three)] == ["ab"] * 3
    assert not (await room.sessions.get(ME, session)).streaming


async def test_a_failure_keeps_the_text_and_says_why(make_room: MakeRoom) -> None:
    room = make_room("half", LoadFailed("It broke.", cause="crashed", hint="Try again."))
    answer = await room.ask(await room.session())
    assert (answer.state, answer.text) == ("failed", "half")
    assert answer.error is not None and answer.error["code"] == "load_failed" and answer.error["hint"] == "Try again."


async def test_a_fault_of_serai_leaks_nothing(make_room: MakeRoom) -> None:
    room = make_room(RuntimeError("secret detail"))
    answer = await room.ask(await room.session())
    assert answer.error is not None and answer.error["code"] == "internal"
    assert "secret" not in str(answer.error)


async def test_after_a_failure_one_asks_on(make_room: MakeRoom) -> None:
    room = make_room(LoadFailed("It broke.", cause="crashed"))
    session = await room.session()
    await room.ask(session, "one")
    room.backend.script = ["fine"]
    await room.ask(session, "two")
    assert room.backend.calls[1].inputs["messages"] == [{"role": "user", "content": "one\n\ntwo"}]


async def test_a_parent_of_another_session_is_not_found(room: Room) -> None:
    mine, other = await room.session(), await room.session()
    elsewhere = await room.ask(other)
    with pytest.raises(NotFound):
        await room.begin(mine, parent=elsewhere.id)


async def test_another_persons_session_is_not_found(room: Room) -> None:
    session = await room.session()
    answer = await room.ask(session)
    with pytest.raises(NotFound):
        await room.turns.ask(OWNER, "somebody", session, "hi")
    with pytest.raises(NotFound):
        [shown async for shown in room.turns.follow("somebody", answer.id)]
    with pytest.raises(NotFound):
        await room.turns.stop("somebody", session, answer.id)


async def test_deleting_a_session_ends_its_answers(make_room: MakeRoom, gate: asyncio.Event) -> None:
    room = make_room("a", gate)
    session = await room.session()
    await room.begin(session)
    await room.turns.delete(ME, session)
    assert room.backend.closed == 1
    with pytest.raises(NotFound):
        await room.begin(session)
    await room.sessions.restore(ME, session)
    assert (await room.sessions.open(ME, session))[1][-1].state == "stopped"


async def test_closing_interrupts_and_keeps(make_room: MakeRoom, gate: asyncio.Event) -> None:
    room = make_room("so far", gate)
    session = await room.session()
    answer = await room.begin(session)
    await room.read_until(answer.id, "so far")
    await room.turns.close()
    found = await room.sessions.message(ME, answer.id)
    assert (found.state, found.text) == ("interrupted", "so far")


async def test_an_asker_who_goes_away_leaves_no_answer_without_a_writer(room: Room) -> None:
    session = await room.session()
    asking = asyncio.create_task(room.begin(session))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await room.turns.close()
    assert {message.state for message in (await room.sessions.open(ME, session))[1]} <= {"done", "interrupted"}


async def test_reasoning_is_not_text_but_starts_the_stream(make_room: MakeRoom) -> None:
    room = make_room(Delta(reasoning="hm"), "42")
    answer = await room.begin(await room.session())
    shown = await room.read(answer.id)
    assert pieces(shown) == "42"


async def test_events_tell_of_the_beginning_and_the_end(room: Room) -> None:
    session = await room.session()
    stream = room.events.subscribe()
    await room.ask(session)
    first, last = await anext(stream), await anext(stream)
    assert (first.topic, first.data["streaming"], last.data["streaming"]) == ("session", True, False)
    await stream.aclose()
