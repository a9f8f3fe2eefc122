"""The same call, asked again: who computes, who waits, and whose answer it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.scripted import MODEL, ScriptedBackend
from tests.fakes.waiting import until

from serai.backend import collect
from serai.errors import ModelFailed, ModelNotFound
from serai.routing.attempt import Attempt, Terms
from serai.routing.cache import flights
from serai.routing.cache.cache import Cache
from serai.routing.cache.known import Known
from serai.routing.care import Care
from serai.settings import Cache as CacheSettings
from serai.settings import Routing
from serai.types import CHAT, FEATURE_EXTRACTION, Answerer, Call, Delta, Model, Principal, Result, Usage, Wishes

SETTINGS = CacheSettings(enabled="all")
AT_ONCE = Wishes(session="s")
"""Calls that don't ask the disk, so that those which come together stay together."""


async def nobody(name: str) -> Model:
    raise ModelNotFound(name)


@pytest.fixture
async def cache(tmp_path: Path) -> AsyncIterator[Cache]:
    cache = Cache(tmp_path / "cache.db", lambda: SETTINGS, nobody)
    yield cache
    await cache.close()


def asked(text: str = "hi", *, wishes: Wishes | None = None, who: str = "owner", **settings: Any) -> Call:
    messages = {"messages": [{"role": "user", "content": text}]}
    settings = {"temperature": 0, **settings}
    given = {"wishes": wishes} if wishes else {}
    return Call(task=CHAT, model="scripted", inputs=messages, settings=settings, principal=Principal(who, who), **given)


async def answer(cache: Cache, backend: ScriptedBackend, call: Call, model: Model = MODEL) -> Result:
    return await collect(cache.cached(call, model, lambda: backend.run(call)))


async def test_the_second_time_nothing_is_computed_and_the_answer_says_so(cache: Cache) -> None:
    backend = ScriptedBackend()
    first, second = await answer(cache, backend, asked()), await answer(cache, backend, asked())
    assert len(backend.calls) == 1
    assert (second.text, second.finish, second.answerer) == (first.text, first.finish, first.answerer)
    assert not first.usage.from_cache
    assert second.usage == Usage(prompt_tokens=3, completion_tokens=2, from_cache=True, cost=0.0)


@pytest.mark.parametrize(
    "other",
    [
        asked("ho"),
        asked(max_tokens=5),
        asked(temperature=0.5),
        asked(who="guest"),
        asked(wishes=Wishes(cache=False)),
        replace(asked(), loading={"kv_type": "q8_0"}),
        replace(asked(), task="text-generation"),
    ],
)
async def test_what_differs_is_computed(cache: Cache, other: Call) -> None:
    backend = ScriptedBackend()
    await answer(cache, backend, asked())
    await answer(cache, backend, other)
    assert len(backend.calls) == 2


async def test_a_model_that_changed_on_disk_is_another(cache: Cache, tmp_path: Path) -> None:
    backend, file = ScriptedBackend(), tmp_path / "model.gguf"
    model = replace(MODEL, path=str(file))
    for content in (b"one", b"other"):
        file.write_bytes(content)
        await answer(cache, backend, asked(), model)
        await answer(cache, backend, asked(), model)
    assert len(backend.calls) == 2


async def test_an_adapter_that_changed_makes_another_answer(tmp_path: Path) -> None:
    adapter = tmp_path / "lora.gguf"

    async def find(name: str) -> Model:
        return Model(name=name, task="", path=str(adapter))

    cache, backend = Cache(tmp_path / "cache.db", lambda: SETTINGS, find), ScriptedBackend()
    for content in (b"one", b"other"):
        adapter.write_bytes(content)
        await answer(cache, backend, asked(lora={"style": 1.0}))
        await answer(cache, backend, asked(lora={"style": 1.0}))
    assert len(backend.calls) == 2
    await cache.close()


async def test_what_is_kept_outlives_the_process(tmp_path: Path) -> None:
    backend = ScriptedBackend()
    for _ in range(2):
        cache = Cache(tmp_path / "cache.db", lambda: SETTINGS, nobody)
        assert (await answer(cache, backend, asked())).text == "Hello there"
        await cache.close()
        await cache.close()
    assert len(backend.calls) == 1


@pytest.mark.parametrize("wishes", [Wishes(private=True), Wishes(session="s1")])
async def test_what_is_personal_never_reaches_the_disk_nor_another(tmp_path: Path, wishes: Wishes) -> None:
    shared, backend = SETTINGS.model_copy(update={"shared": True}), ScriptedBackend()
    cache = Cache(tmp_path / "cache.db", lambda: shared, nobody)
    for who in ("one", "one", "other"):
        await answer(cache, backend, asked(wishes=wishes, who=who))
    assert len(backend.calls) == 2
    assert (await cache.status())["entries"] == 0
    await cache.close()


async def test_shared_answers_are_everybodys(tmp_path: Path) -> None:
    shared, backend = SETTINGS.model_copy(update={"shared": True}), ScriptedBackend()
    cache = Cache(tmp_path / "cache.db", lambda: shared, nobody)
    assert not (await answer(cache, backend, asked(who="one"))).usage.from_cache
    assert (await answer(cache, backend, asked(who="other"))).usage.from_cache
    await cache.close()


async def test_an_old_answer_is_computed_anew(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = ScriptedBackend()
    await answer(cache, backend, asked())
    monkeypatch.setattr("serai.routing.cache.cache.time.time", lambda: 4e9)
    assert not (await answer(cache, backend, asked())).usage.from_cache


@pytest.mark.parametrize("finish", ["length", "cancelled", "content_filter"])
async def test_half_an_answer_is_not_kept(cache: Cache, finish: Any) -> None:
    backend = ScriptedBackend(finish=finish)
    await answer(cache, backend, asked())
    await answer(cache, backend, asked())
    assert len(backend.calls) == 2


async def test_as_many_tokens_as_were_asked_for_are_a_whole_answer(cache: Cache) -> None:
    backend = ScriptedBackend(finish="length")
    await answer(cache, backend, asked(max_tokens=2))
    assert (await answer(cache, backend, asked(max_tokens=2))).finish == "length"
    assert len(backend.calls) == 1


async def test_an_answer_by_another_than_was_asked_is_not_kept(cache: Cache) -> None:
    elsewhere = Answerer(model="scripted", backend="far", place="far")

    async def run() -> AsyncGenerator[Delta, None]:
        yield Delta(text="hi", answerer=elsewhere, finish="stop", usage=Usage())

    await collect(cache.cached(asked(), MODEL, run))
    assert await cache.lookup(asked(), MODEL) is None


async def test_all_that_an_answer_holds_comes_again(cache: Cache) -> None:
    opening = {"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": ""}}
    more = {"index": 0, "function": {"arguments": "{}"}}
    probable = {"content": [{"token": "a", "logprob": -0.1}]}
    pieces = [Delta(reasoning="hm"), Delta(text="a", logprobs=probable), Delta(tool_calls=[opening])]
    backend = ScriptedBackend(script=[*pieces, Delta(tool_calls=[more])], finish="tool_calls")
    first, second = await answer(cache, backend, asked()), await answer(cache, backend, asked())
    assert len(backend.calls) == 1
    assert replace(second, usage=first.usage) == first
    deltas = [delta async for delta in cache.cached(asked(), MODEL, lambda: backend.run(asked()))]
    assert [delta.answerer is not None for delta in deltas] == [True, False, False, False]
    assert [delta.finish for delta in deltas] == [None, None, None, "tool_calls"]


async def test_vectors_are_kept_without_a_wish(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache.db", CacheSettings, nobody)
    call = Call(task=FEATURE_EXTRACTION, model="scripted", inputs={"inputs": "hi"})
    backend = ScriptedBackend(script=[Delta(data=[[0.1, 2.0]])])
    assert [(await answer(cache, backend, call)).data for _ in range(2)] == [[[0.1, 2.0]]] * 2
    assert len(backend.calls) == 1
    await cache.close()


async def test_of_several_at_once_one_computes(cache: Cache) -> None:
    gate = asyncio.Event()
    backend = ScriptedBackend(script=["Hello", gate])
    tasks = [asyncio.create_task(answer(cache, backend, asked(wishes=AT_ONCE))) for _ in range(4)]
    await until(lambda: bool(backend.calls))
    gate.set()
    results = await asyncio.gather(*tasks)
    assert [result.text for result in results] == ["Hello"] * 4
    assert len(backend.calls) == 1
    assert sum(result.usage.from_cache for result in results) == cache.counts.joined == 3


async def test_what_was_answered_while_the_disk_was_asked_is_known(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend, find, slow = ScriptedBackend(), cache._on_disk, asyncio.Event()

    async def late(*work: Any) -> Any:
        found = await find(*work)
        await slow.wait()
        return found

    monkeypatch.setattr(cache, "_on_disk", late)
    second = asyncio.create_task(answer(cache, backend, asked()))
    await asyncio.sleep(0)
    monkeypatch.setattr(cache, "_on_disk", find)
    await answer(cache, backend, asked())
    slow.set()
    assert (await second).usage.from_cache
    assert len(backend.calls) == 1


async def test_where_the_first_fails_each_goes_its_own_way(cache: Cache) -> None:
    gate = asyncio.Event()
    backend = ScriptedBackend(script=[gate, ModelFailed("broken")])
    tasks = [asyncio.create_task(answer(cache, backend, asked(wishes=AT_ONCE))) for _ in range(3)]
    await until(lambda: bool(backend.calls))
    gate.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [ModelFailed] * 3
    assert len(backend.calls) == 3


async def test_whoever_leaves_keeps_nobody_waiting(cache: Cache) -> None:
    gate = asyncio.Event()
    backend = ScriptedBackend(script=[gate, "Hello"])
    first = asyncio.create_task(answer(cache, backend, asked(wishes=AT_ONCE)))
    await until(lambda: bool(backend.calls))
    second = asyncio.create_task(answer(cache, backend, asked(wishes=AT_ONCE)))
    first.cancel()
    gate.set()
    assert (await second).text == "Hello"
    assert (len(backend.calls), backend.closed) == (2, 1)


async def test_whoever_reads_slowly_holds_up_only_themselves(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flights, "PATIENCE_S", 0.0)
    monkeypatch.setattr(flights, "_LOOK_S", 0.001)
    backend = ScriptedBackend()
    slow = cache.cached(asked(wishes=AT_ONCE), MODEL, lambda: backend.run(asked()))
    await anext(slow)
    assert (await answer(cache, backend, asked(wishes=AT_ONCE))).text == "Hello there"
    assert len(backend.calls) == 2
    await slow.aclose()


async def test_before_a_backend_it_answers_in_its_stead_and_says_who_was_asked(cache: Cache) -> None:
    backend = ScriptedBackend()
    known = Known(Attempt(MODEL, backend, "", Care(Routing, None, lambda _call: None), Terms()), cache)
    first, second = asked(), asked()
    await collect(known.run(first))
    assert (await collect(known.run(second))).usage.cost == 0.0
    assert len(backend.calls) == 1
    for call in (first, second):
        assert (call.course.model, call.course.backend, call.course.place) == ("scripted", "scripted", "local")


async def test_clearing_forgets_all(cache: Cache) -> None:
    backend = ScriptedBackend()
    await answer(cache, backend, asked())
    assert (await cache.status())["entries"] == 1
    await cache.clear()
    assert not (await answer(cache, backend, asked())).usage.from_cache


@pytest.mark.parametrize("changed", [{"enabled": "off"}, {"size_mb": 0}, {"enabled": "tasks"}])
async def test_a_chat_is_kept_only_where_that_is_wanted(tmp_path: Path, changed: dict[str, Any]) -> None:
    settings, backend = SETTINGS.model_copy(update=changed), ScriptedBackend()
    cache = Cache(tmp_path / "cache.db", lambda: settings, nobody)
    await answer(cache, backend, asked())
    await answer(cache, backend, asked())
    assert len(backend.calls) == 2
    assert not (tmp_path / "cache.db").exists()
    await cache.close()
