"""The promises of `serai.backend.Backend`, held against every kind of backend."""

import asyncio

import pytest
from tests.contract.subject import Subject

from serai.backend import Backend, collect
from serai.errors import BadRequest, ModelNotFound, UnknownField
from serai.types import CHAT, Call

pytestmark = pytest.mark.engine


async def test_it_is_a_backend_that_knows_its_models(subject: Subject) -> None:
    assert isinstance(subject.backend, Backend)
    assert [model.name for model in await subject.backend.models()] == [subject.model.name]


async def test_only_the_first_delta_says_who_and_only_the_last_how_it_ended(subject: Subject) -> None:
    deltas = [delta async for delta in subject.backend.run(subject.chat(max_tokens=24))]
    assert [delta.answerer is not None for delta in deltas] == [True] + [False] * (len(deltas) - 1)
    assert [delta.finish is not None for delta in deltas] == [False] * (len(deltas) - 1) + [True]
    assert [delta.usage is not None for delta in deltas] == [False] * (len(deltas) - 1) + [True]
    assert deltas[0].answerer.model == subject.model.name
    assert deltas[0].answerer.place == subject.model.place
    assert deltas[0].prompt_tokens in (0, deltas[-1].usage.prompt_tokens)


async def test_usage_counts_the_tokens(subject: Subject) -> None:
    result = await collect(subject.backend.run(subject.chat(max_tokens=24)))
    assert result.usage.completion_tokens == 24 and result.finish == "length"
    assert result.usage.prompt_tokens > 0
    assert result.usage.tokens_per_second is None or result.usage.tokens_per_second > 0


async def test_closing_the_stream_stops_the_source(subject: Subject) -> None:
    stream = subject.backend.run(subject.chat())
    await anext(stream)
    await stream.aclose()
    assert await subject.rests_within(0.5)


async def test_cancelling_the_reader_stops_the_source(subject: Subject) -> None:
    stream = subject.backend.run(subject.chat())
    await anext(stream)
    task = asyncio.create_task(collect(stream))
    asyncio.get_running_loop().call_soon(task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await subject.rests_within(0.5)


async def test_closing_twice_and_closing_unstarted_do_no_harm(subject: Subject) -> None:
    stream = subject.backend.run(subject.chat())
    await stream.aclose()
    await stream.aclose()
    await subject.backend.close()
    await subject.backend.close()


async def test_eight_at_once_all_get_whole_answers(subject: Subject) -> None:
    calls = [subject.backend.run(subject.chat(f"number {number}", max_tokens=24)) for number in range(8)]
    results = await asyncio.gather(*(collect(call) for call in calls))
    assert [result.usage.completion_tokens for result in results] == [24] * 8


async def test_one_that_goes_away_leaves_the_others_alone(subject: Subject) -> None:
    goes = subject.backend.run(subject.chat("goes"))
    stays = asyncio.create_task(collect(subject.backend.run(subject.chat("stays", max_tokens=24))))
    await anext(goes)
    await goes.aclose()
    assert (await stays).usage.completion_tokens == 24


async def test_what_the_asker_got_wrong_is_said_before_anything_is_loaded(subject: Subject) -> None:
    with pytest.raises(UnknownField, match="temprature"):
        await collect(subject.backend.run(subject.chat(temprature=1)))
    with pytest.raises(BadRequest, match="max_tokens"):
        await collect(subject.backend.run(subject.chat(max_tokens=0)))
    with pytest.raises(BadRequest, match="message"):
        await collect(subject.backend.run(Call(task=CHAT, model=subject.model.name, inputs={"messages": []})))
    assert subject.untouched()


async def test_an_unknown_model_is_not_found(subject: Subject) -> None:
    with pytest.raises(ModelNotFound):
        await collect(subject.backend.run(Call(task=CHAT, model="other", inputs={"messages": [{}]})))
