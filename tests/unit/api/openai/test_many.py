"""Several answers to one chat: `n`."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.unit.api.conftest import until

from serai.errors import ModelCrashed

ASKED: Any = {"model": "scripted", "messages": [{"role": "user", "content": "hi"}]}


async def test_each_answer_has_its_index_and_its_seed(client: Any) -> None:
    answer = await client.chat.completions.create(**ASKED, n=3, seed=5)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert {choice.message.content for choice in answer.choices} == {"Hello there"}
    calls = client.api.backend.calls
    assert sorted(call.settings["seed"] for call in calls) == [5, 6, 7]
    assert len({call.id for call in calls}) == 3
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (3, 6)


async def test_without_a_seed_the_others_get_one_by_chance(client: Any) -> None:
    await client.chat.completions.create(**ASKED, n=3)
    seeds = [call.settings.get("seed") for call in client.api.backend.calls]
    assert seeds.count(None) == 1 and len(set(seeds)) == 3


async def test_streams_come_interleaved_by_index(client: Any) -> None:
    stream = await client.chat.completions.create(**ASKED, n=2, stream=True, stream_options={"include_usage": True})
    chunks = [chunk async for chunk in stream]
    texts = {0: "", 1: ""}
    for chunk in chunks[:-1]:
        texts[chunk.choices[0].index] += chunk.choices[0].delta.content or ""
    assert texts == {0: "Hello there", 1: "Hello there"}
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].choices == [] and chunks[-1].usage.completion_tokens == 4
    assert len({chunk.id for chunk in chunks}) == 1


async def test_without_usage_no_chunk_lacks_a_choice(client: Any) -> None:
    stream = await client.chat.completions.create(**ASKED, n=2, stream=True)
    chunks = [chunk async for chunk in stream]
    assert all(chunk.choices for chunk in chunks)
    assert [chunk.choices[0].finish_reason for chunk in chunks].count("stop") == 2
    assert chunks[-1].serai["completion_tokens"] == 4


async def test_who_leaves_stops_all_of_them(make_client: Any) -> None:
    client = await make_client("one", asyncio.Event())
    stream = await client.chat.completions.create(**ASKED, n=4, stream=True)
    await until(lambda: len(client.api.backend.calls) == 4)
    await stream.close()
    await until(lambda: client.api.backend.closed == 4)


async def test_one_fault_ends_all_and_is_told(make_client: Any) -> None:
    client = await make_client("half", ModelCrashed("It died."))
    with pytest.raises(Exception, match="It died"):
        await client.chat.completions.create(**ASKED, n=2)
    assert client.api.services.router.live() == []


@pytest.mark.engine
async def test_real_answers_differ_and_come_again_with_the_seed(real: Any) -> None:
    asked: Any = {**ASKED, "model": "tiny", "n": 3, "temperature": 1.5, "max_tokens": 12}
    first = await real.chat.completions.create(**asked, seed=3)
    again = await real.chat.completions.create(**asked, seed=3)
    texts = [choice.message.content for choice in first.choices]
    assert len(set(texts)) == 3 and texts == [choice.message.content for choice in again.choices]
    assert first.usage.completion_tokens == 36
