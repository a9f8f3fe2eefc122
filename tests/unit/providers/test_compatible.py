"""A service by its entry: what is asked of it, and what becomes of its answers."""

from __future__ import annotations

import asyncio
import json
import traceback
from dataclasses import replace

import pytest
from openai import AsyncOpenAI, AuthenticationError
from tests.fakes.service import KEY, MODEL, FakeService, serving
from tests.unit.providers.conftest import ask, chat, opened

from serai.backend import collect
from serai.errors import (
    BadRequest,
    Busy,
    ContextExceeded,
    ModelFailed,
    ModelNotFound,
    SeraiError,
    TimedOut,
    Unreachable,
    WrongTask,
)
from serai.providers._entry import entries
from serai.providers._lines import LONGEST_LINE
from serai.tasks.text_generation import BY_NAME
from serai.types import FEATURE_EXTRACTION, TEXT_GENERATION, TEXT_RANKING, TOKEN_COUNT, Call

RERANKER = {"id": "org/rerank-1"}
LOADING = (503, {"error": "Model org/x is currently loading", "estimated_time": 20.4}, {})


def call(task: str, **inputs: object) -> Call:
    return Call(task=task, model=f"shore/{MODEL}", inputs=inputs)


async def test_a_chat_says_who_answers_and_where() -> None:
    async with serving(FakeService(["سلام", " 🙂"])) as service:
        result = await ask(service, chat(temperature=0.5, max_tokens=9, system="Be brief."))
    assert (result.text, result.finish, result.usage.prompt_tokens) == ("سلام 🙂", "stop", 5)
    assert (result.answerer.place, result.answerer.backend, result.answerer.model) == (
        "shore",
        "shore",
        f"shore/{MODEL}",
    )
    asked = service.asked[0]
    assert (asked["model"], asked["temperature"], asked["max_completion_tokens"]) == (MODEL, 0.5, 9)
    assert [message["role"] for message in asked["messages"]] == ["system", "user"]


async def test_tools_and_their_choice_are_passed_on() -> None:
    tools = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]
    asked = chat()
    async with serving(FakeService(["a"])) as service:
        await ask(service, replace(asked, inputs={**asked.inputs, "tools": tools, "tool_choice": "auto"}))
    assert service.asked[0]["tools"] == tools and service.asked[0]["tool_choice"] == "auto"


async def test_an_answer_that_comes_whole_is_taken_too() -> None:
    async with serving(FakeService(["a", "b"], streams=False)) as service:
        assert (await ask(service)).text == "ab"


async def test_a_text_is_gone_on_with() -> None:
    async with serving(FakeService(["a", "b"])) as service:
        assert (await ask(service, call(TEXT_GENERATION, inputs="once"))).text == "ab"
    assert service.asked[0]["prompt"] == "once"


async def test_vectors_come_in_order_and_with_length_1() -> None:
    async with serving(FakeService()) as service:
        result = await ask(service, call(FEATURE_EXTRACTION, inputs=["a", "b"]))
    assert result.data == [[0.6, 0.8], [0.6, 0.8]] and result.usage.prompt_tokens == 4


async def test_texts_are_ranked_where_the_service_can() -> None:
    async with serving(FakeService()) as service:
        result = await ask(service, call(TEXT_RANKING, query="q", texts=["a", "b"]), kind="vllm")
        assert [row["index"] for row in result.data] == [1, 0]
        with pytest.raises(WrongTask, match="text-ranking"):
            await ask(service, call(TEXT_RANKING, query="q", texts=["a", "b"]))
        with pytest.raises(WrongTask, match="token-count"):
            await ask(service, call(TOKEN_COUNT, inputs="a"))


async def test_a_setting_it_does_not_have_is_refused_by_name() -> None:
    async with serving(FakeService()) as service:
        with pytest.raises(BadRequest, match="min_p"):
            await ask(service, chat(min_p=0.1))
        await ask(service, chat(min_p=0.1, reasoning=False, max_tokens=1), kind="vllm")
    assert len(service.asked) == 1
    assert service.asked[0]["min_p"] == 0.1
    assert service.asked[0]["chat_template_kwargs"] == {"enable_thinking": False}


async def test_models_are_listed_by_what_they_are_for() -> None:
    listed = [
        {"id": MODEL, "max_model_len": 4096},
        {"id": "text-embed"},
        RERANKER,
        {"id": "bad name"},
        {"id": ""},
        {"id": "../up"},
    ]
    async with serving(FakeService(models=listed)) as service, opened(service.url, models=("extra",)) as backend:
        found = {model.name: model for model in await backend.models()}
    assert list(found) == ["shore/extra", f"shore/{MODEL}", "shore/text-embed", "shore/org/rerank-1"]
    assert found[f"shore/{MODEL}"].context_length == 4096 and found[f"shore/{MODEL}"].place == "shore"
    assert found["shore/text-embed"].task == FEATURE_EXTRACTION


async def test_of_another_serai_only_its_own_models_are_taken() -> None:
    listed = [{"id": "a", "serai": {"place": "local"}}, {"id": "far/b", "serai": {"place": "far"}}]
    async with serving(FakeService(models=listed)) as service, opened(service.url, kind="serai") as backend:
        assert [model.name for model in await backend.models()] == ["shore/a"]


async def test_a_service_that_is_away_is_no_error_in_the_list_and_one_when_asked() -> None:
    async with opened("http://127.0.0.1:9") as backend:
        assert not await backend.models()
        with pytest.raises(Unreachable, match="shore does not answer") as caught:
            await collect(backend.run(chat()))
    assert caught.value.who == "shore"


async def test_the_list_is_kept_while_the_service_is_away() -> None:
    async with serving(FakeService()) as service:
        backend = opened(service.url)
        shore = await backend.__aenter__()
        assert len(await shore.models()) == 1
    with pytest.raises(Unreachable):
        await shore.listing.refresh()
    assert len(await shore.models()) == 1
    await backend.__aexit__(None, None, None)


@pytest.mark.parametrize(
    ("refusal", "kind", "words"),
    [
        ((403, {"error": "Access to org/x is gated"}, {}), ModelFailed, "gated"),
        ((402, {"error": {"message": "no credit"}}, {}), ModelFailed, "paid"),
        ((404, {"error": {"message": "gone"}}, {}), ModelNotFound, "no model"),
        ((429, {"error": {"message": "slow down"}}, {"retry-after": "7"}), Busy, "slow down"),
        (LOADING, Busy, "loading"),
        ((500, {"error": {"message": "oops"}}, {}), ModelFailed, "oops"),
        ((504, {}, {}), TimedOut, "too long"),
    ],
)
async def test_every_refusal_says_who_and_what(refusal: object, kind: type, words: str) -> None:
    async with serving(FakeService(refuse=refusal)) as service:
        with pytest.raises(kind, match=words) as caught:
            await ask(service)
    assert caught.value.who == "shore"
    if isinstance(caught.value, Busy):
        assert caught.value.retry_after == (7 if words == "slow down" else 21)


async def test_too_long_a_prompt_is_said_with_both_numbers() -> None:
    serai = {"code": "context_length_exceeded", "facts": {"prompt_tokens": 9, "context_length": 8}}
    async with serving(FakeService(refuse=(400, {"error": {"message": "…", "serai": serai}}, {}))) as service:
        with pytest.raises(ContextExceeded) as caught:
            await ask(service)
    assert caught.value.facts == {"prompt_tokens": 9, "context_length": 8}


async def test_a_connection_that_is_cut_is_blamed_on_the_service() -> None:
    async with serving(FakeService(cut_after=2)) as service, opened(service.url) as backend:
        stream = backend.run(chat())
        assert (await anext(stream)).text + (await anext(stream)).text == "light light "
        with pytest.raises(ModelFailed, match="broke") as caught:
            await anext(stream)
    assert caught.value.who == "shore"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"data: {no json\n\n", "not JSON"),
        (b'data: {"choices": 7}\n\n', "no answer"),
        (b'data: {"error": {"message": "no more room"}}\n\n', "no more room"),
        (b"data: [DONE]\n\n", "ended before"),
        (b"x" * (LONGEST_LINE + 1), "line without end"),
    ],
)
async def test_nonsense_in_the_middle_is_an_error_in_words(raw: bytes, words: str) -> None:
    async with serving(FakeService(raw_after=1, raw=raw)) as service:
        with pytest.raises(ModelFailed, match=words) as caught:
            await ask(service)
    assert caught.value.who == "shore"


@pytest.mark.parametrize(("raw", "drip_s"), [(b"", 0.0), (b"data: " * 1000, 0.02)])
async def test_silence_and_a_slow_loris_end(raw: bytes, drip_s: float) -> None:
    async with serving(FakeService(raw_after=1, raw=raw, drip_s=drip_s)) as service:
        with pytest.raises(TimedOut, match="silent"):
            await ask(service, patience_s=0.1)
        assert service.active <= 1


async def test_the_connection_is_used_again_after_a_whole_answer() -> None:
    async with serving(FakeService(["a"])) as service, opened(service.url) as backend:
        await backend.models()
        for _ in range(3):
            await collect(backend.run(chat()))
        assert len(backend._http().connector._conns) == 1


async def test_what_is_still_written_comes_to_its_end_when_a_service_is_retired() -> None:
    async with serving(FakeService(["a", "b"])) as service, opened(service.url) as backend:
        stream = backend.run(chat())
        await anext(stream)
        retired = asyncio.ensure_future(backend.retire())
        assert [delta.text async for delta in stream] == ["b", ""]
        await retired


async def test_keys_take_turns_when_one_is_refused_or_has_had_enough() -> None:
    enough = (429, {"error": {"message": "enough"}}, {"retry-after": "60"})
    twin = FakeService(["a"], keys=("b", "c"), refuse_key={"b": enough})
    async with serving(twin) as service, opened(service.url, keys=("a", "b", "c")) as backend:
        await collect(backend.run(chat()))
        assert service.shown == ["a", "b", "c"]
        await collect(backend.run(chat()))
        assert service.shown[3:] == ["c"]


async def test_where_all_keys_fail_the_one_that_may_work_later_is_told_of() -> None:
    enough = (429, {"error": {"message": "enough"}}, {"retry-after": "60"})
    async with serving(FakeService(keys=("b",), refuse_key={"b": enough})) as service:
        with pytest.raises(Busy, match="enough"):
            await ask(service, keys=("b", "a"))
        with pytest.raises(ModelFailed, match="refused the key"):
            await ask(service, keys=("a",))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed_and_no_key_goes_elsewhere(status: int) -> None:
    async with serving(FakeService()) as thief:
        where = {"location": f"{thief.url}/v1/chat/completions"}
        async with serving(FakeService(refuse=(status, {}, where))) as service:
            with pytest.raises(ModelFailed, match="redirects"):
                await ask(service)
            async with opened(service.url) as backend:
                assert not await backend.models()
    assert thief.shown == [] and set(service.shown) == {KEY}


async def test_the_twin_is_what_the_official_client_takes_it_for() -> None:
    async with serving(FakeService(["a", "b"])) as service:
        async with AsyncOpenAI(base_url=f"{service.url}/v1", api_key=KEY, max_retries=0) as client:
            said = await client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "hi"}])
            assert said.choices[0].message.content == "ab"
            assert [model.id async for model in client.models.list()] == [MODEL]
            found = await client.embeddings.create(model=MODEL, input=["a", "b"], encoding_format="float")
            assert len(found.data) == 2
        async with AsyncOpenAI(base_url=f"{service.url}/v1", api_key="wrong", max_retries=0) as client:
            with pytest.raises(AuthenticationError):
                await client.models.list()


@pytest.mark.parametrize("name", entries())
async def test_every_entry_opens_lists_and_answers(name: str) -> None:
    async with serving(FakeService(["a"])) as service:
        url = f"{service.url}/v1" if name == "deepseek" else service.url
        async with opened(url, name) as backend:
            assert len(await backend.models()) == 1
            assert (await collect(backend.run(chat(temperature=1)))).text == "a"


def test_entries_name_settings_that_there_are() -> None:
    for entry in entries().values():
        assert entry.settings <= BY_NAME.keys() and entry.spelling.keys() <= entry.settings


async def test_thinking_comes_apart_however_it_is_spelled() -> None:
    said = [{"content": "", "reasoning": "h"}, {"reasoning_content": "m"}]
    said.append({"content": [{"type": "thinking", "thinking": [{"text": "!"}]}, {"type": "text", "text": "so"}]})
    raw = b"".join(b"data: " + json.dumps({"choices": [{"delta": one}]}).encode() + b"\n\n" for one in said)
    raw += b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
    async with serving(FakeService(["", "x"], raw_after=1, raw=raw)) as service:
        result = await ask(service, chat(reasoning=False))
    assert (result.reasoning, result.text) == ("hm!", "so")


async def test_the_key_is_in_no_error_log_or_text(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    refusals = [
        (401, {"error": f"Wrong key: {KEY}"}, {}),
        (404, {"error": KEY}, {}),
        (500, {"error": "oops"}, {}),
        (302, {}, {"location": "http://127.0.0.1:9"}),
    ]
    for refusal in refusals:
        async with serving(FakeService(refuse=refusal)) as service:
            with pytest.raises(SeraiError) as caught:
                await ask(service)
        told = "".join(traceback.format_exception(caught.value)) + str(caught.value.as_dict()) + caplog.text
        assert KEY not in told


async def test_a_key_that_the_service_repeats_in_its_stream_is_hidden_too() -> None:
    raw = b'data: {"error": {"message": "wrong key: %s"}}\n\n' % KEY.encode()
    async with serving(FakeService(raw_after=1, raw=raw)) as service:
        with pytest.raises(ModelFailed, match=r"wrong key: \[redacted\]"):
            await ask(service)
