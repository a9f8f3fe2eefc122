"""Anthropic's own language; its own client speaks to the same twin."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from anthropic import AsyncAnthropic, AuthenticationError
from tests.fakes import anthropic_service
from tests.fakes.anthropic_service import CALL, SIGNED, FakeAnthropic, problem, row, serving
from tests.fakes.service import KEY
from tests.unit.providers.conftest import chat, opened

from serai.backend import Backend, collect
from serai.errors import BadRequest, Busy, ContextExceeded, ModelFailed, ModelNotFound, TimedOut, WrongTask
from serai.providers._anthropic_events import Thoughts
from serai.types import TEXT_GENERATION, Call, Result

TINY = f"shore/{anthropic_service.MODEL}"
TOOL = {"type": "function", "function": {"name": "look", "description": "Look.", "parameters": {"properties": {}}}}
PICTURE = "data:image/png;base64,AAAA"


def say(*messages: dict[str, Any], settings: dict[str, Any] | None = None, **inputs: Any) -> Call:
    asked = {"messages": list(messages), **inputs}
    return replace(chat(model=TINY, **(settings or {})), inputs=asked)


def user(content: Any = "hi") -> dict[str, Any]:
    return {"role": "user", "content": content}


async def ask(service: FakeAnthropic, call: Call | None = None, **more: Any) -> Result:
    async with opened(service.url, "anthropic", **more) as backend:
        await backend.models()
        return await collect(backend.run(call or chat(model=TINY)))


async def test_the_twin_is_what_the_official_client_takes_it_for() -> None:
    twin = FakeAnthropic(["a", "b"], models=[row("one"), row("two")], page=1, thinking="hm", tools=[CALL])
    async with serving(twin) as service:
        async with AsyncAnthropic(base_url=service.url, api_key=KEY, max_retries=0) as client:
            assert [model.id async for model in client.models.list(limit=1)] == ["one", "two"]
            asked: Any = {"model": "one", "max_tokens": 9, "messages": [user()]}
            assert (await client.messages.create(**asked)).content[0].text == "ab"
            async with client.messages.stream(**asked) as stream:
                message = await stream.get_final_message()
        async with AsyncAnthropic(base_url=service.url, api_key="no", max_retries=0) as client:
            with pytest.raises(AuthenticationError):
                await client.models.list()
    assert [block.type for block in message.content] == ["thinking", "text", "tool_use"]
    assert message.content[0].signature == SIGNED and message.content[2].input == CALL["input"]


async def test_models_of_all_pages_are_listed_with_what_they_read() -> None:
    twin = FakeAnthropic(models=[row(name) for name in ("a", "b", "c")], page=1)
    async with serving(twin) as service, opened(f"{service.url}/v1", "anthropic") as backend:
        found = await backend.models()
    assert [model.name for model in found] == ["shore/a", "shore/b", "shore/c"]
    assert (found[0].title, found[0].context_length, found[0].task) == ("The a", 200_000, TEXT_GENERATION)


async def test_a_chat_is_said_its_way_and_counted() -> None:
    told = ({"role": "system", "content": "Be."}, {"role": "developer", "content": "Brief."})
    call = say(*told, user(), settings={"top_k": 3, "stop": ["."], "temperature": 0.5})
    async with serving(FakeAnthropic(["سلام", " 🙂"], cached=3, stop=".")) as service:
        result = await ask(service, call)
    assert (result.text, result.finish, result.stop_text) == ("سلام 🙂", "stop", ".")
    usage = result.usage
    assert (usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens) == (9, 3, 2)
    asked = service.asked[0]
    assert (asked["system"], asked["max_tokens"]) == ("Be.\n\nBrief.", 32_000)
    assert (asked["top_k"], asked["stop_sequences"], asked["temperature"]) == (3, ["."], 0.5)
    assert asked["messages"] == [user([{"type": "text", "text": "hi"}])]


@pytest.mark.parametrize(
    ("name", "facts", "longest"),
    [("claude-3-haiku", {"max_tokens": None}, 4096), ("claude-x", {"max_tokens": 900}, 900), ("other", {}, 8192)],
)
async def test_the_longest_answer_is_what_the_model_can(name: str, facts: dict[str, Any], longest: int) -> None:
    async with serving(FakeAnthropic(["a"], models=[row(name, **({"max_tokens": None} | facts))])) as service:
        await ask(service, chat(model=f"shore/{name}"))
    assert service.asked[0]["max_tokens"] == longest


async def test_tools_pictures_and_results_are_told_in_its_blocks() -> None:
    called = [{"id": name, "type": "function", "function": {"name": "look", "arguments": '{"at": 1}'}} for name in "xy"]
    results = [{"role": "tool", "tool_call_id": name, "content": f"saw {name}"} for name in "xy"]
    picture = {"type": "image_url", "image_url": {"url": PICTURE}}
    far = {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}
    messages = (user([picture, far]), {"role": "assistant", "content": "", "tool_calls": called}, *results, user())
    async with serving(FakeAnthropic(["a"])) as service:
        await ask(service, say(*messages, tools=[TOOL], tool_choice="required", parallel_tool_calls=False))
    asked = service.asked[0]
    assert asked["messages"][0]["content"] == [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
        {"type": "image", "source": {"type": "url", "url": "https://a.example/b.png"}},
    ]
    assert asked["messages"][1]["content"][0] == {"type": "tool_use", "id": "x", "name": "look", "input": {"at": 1}}
    assert [block["type"] for block in asked["messages"][2]["content"]] == ["tool_result", "tool_result", "text"]
    assert asked["tool_choice"] == {"type": "any", "disable_parallel_tool_use": True}
    assert asked["tools"] == [
        {"name": "look", "description": "Look.", "input_schema": {"type": "object", "properties": {}}}
    ]


async def test_called_tools_come_in_openais_shape() -> None:
    none = {**CALL, "id": "toolu_2", "input": {}}
    async with serving(FakeAnthropic([], tools=[CALL, none])) as service:
        result = await ask(service, say(user(), tools=[TOOL]))
    assert result.finish == "tool_calls" and [call["id"] for call in result.tool_calls] == ["toolu_1", "toolu_2"]
    assert [json.loads(call["function"]["arguments"]) for call in result.tool_calls] == [{"at": "sea"}, {}]


async def test_thinking_before_a_tool_is_given_back_as_it_was_signed() -> None:
    twin = FakeAnthropic([], thinking="hm", tools=[CALL])
    async with serving(twin) as service, opened(service.url, "anthropic") as backend:
        first = await collect(backend.run(say(user(), tools=[TOOL], settings={"reasoning": True})))
        turn = {"role": "assistant", "content": None, "tool_calls": first.tool_calls}
        result = {"role": "tool", "tool_call_id": "toolu_1", "content": "waves"}
        await collect(backend.run(say(user(), turn, result, tools=[TOOL])))
    assert first.reasoning == "hm"
    thought, use = service.asked[1]["messages"][1]["content"]
    assert thought == {"type": "thinking", "thinking": "hm", "signature": SIGNED} and use["id"] == "toolu_1"


def test_only_the_newest_thoughts_are_kept() -> None:
    thoughts = Thoughts(most=2)
    for call in ("a", "b", "c", ""):
        thoughts.keep(call, [{"thinking": call}])
    assert [bool(thoughts.recall(call)) for call in ("a", "b", "c", "")] == [False, True, True, False]


@pytest.mark.parametrize(
    ("thinks", "settings", "sent"),
    [
        ("adaptive", {"reasoning": True}, {"type": "adaptive"}),
        ("enabled", {"reasoning": True, "max_tokens": 5000}, {"type": "enabled", "budget_tokens": 2500}),
        ("enabled", {"reasoning_budget": 2000}, {"type": "enabled", "budget_tokens": 2000}),
        ("adaptive", {"reasoning": False}, {"type": "disabled"}),
        ("adaptive", {}, None),
    ],
)
async def test_thinking_is_asked_for_as_the_model_has_it(thinks: str, settings: Any, sent: Any) -> None:
    async with serving(FakeAnthropic(["a"], models=[row(anthropic_service.MODEL, thinks)])) as service:
        await ask(service, say(user(), settings=settings))
    assert service.asked[0].get("thinking") == sent


async def test_an_answer_can_be_held_to_a_schema() -> None:
    shape = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
    async with serving(FakeAnthropic(["{}"])) as service:
        await ask(service, say(user(), settings={"response_format": shape}))
    assert service.asked[0]["output_config"]["format"] == {"type": "json_schema", "schema": {"type": "object"}}


@pytest.mark.parametrize(
    ("refusal", "kind", "words"),
    [
        ((529, problem("overloaded_error", "Overloaded"), {}), Busy, "Overloaded"),
        ((429, problem("rate_limit_error", "slow"), {"retry-after": "7"}), Busy, "slow"),
        ((401, problem("authentication_error", "invalid x-api-key"), {}), ModelFailed, "refused the key"),
        ((400, problem("invalid_request_error", "bad"), {}), BadRequest, "bad"),
        ((400, problem("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"), {}), ContextExceeded, "9"),
        ((504, problem("timeout_error", "slow"), {}), TimedOut, "too long"),
        ((302, {}, {"location": "http://127.0.0.1:9"}), ModelFailed, "redirects"),
    ],
)
async def test_every_refusal_becomes_its_error(refusal: Any, kind: type[Exception], words: str) -> None:
    async with serving(FakeAnthropic()) as service, opened(service.url, "anthropic") as backend:
        await backend.models()
        service.refuse = refusal
        with pytest.raises(kind, match=words) as caught:
            await collect(backend.run(chat(model=TINY)))
    if refusal[0] == 429:
        assert isinstance(caught.value, Busy) and caught.value.retry_after == 7


@pytest.mark.parametrize(
    ("faults", "kind", "words"),
    [
        ({"cut_after": 1}, ModelFailed, "broke"),
        ({"raw_after": 1, "raw": b"data: {no json\n\n"}, ModelFailed, "no answer"),
        ({"raw_after": 1, "raw": b'data: {"type": "content_block_delta"}\n\n'}, ModelFailed, "no answer"),
        (
            {"raw_after": 1, "raw": anthropic_service.event(problem("overloaded_error", "Overloaded"))},
            Busy,
            "Overloaded",
        ),
        ({"raw_after": 1, "raw": b": silence\n"}, TimedOut, "silent"),
    ],
)
async def test_faults_in_the_middle_are_blamed_on_it(faults: Any, kind: type[Exception], words: str) -> None:
    async with serving(FakeAnthropic(**faults)) as service:
        with pytest.raises(kind, match=words) as caught:
            await ask(service, patience_s=0.2)
    assert caught.value.who == "shore"  # type: ignore[attr-defined]


async def test_what_it_does_not_have_is_said_before_anything_is_asked() -> None:
    refused: list[tuple[Call, str]] = [
        (say(user(), settings={"seed": 1}), "seed"),
        (say(user(), settings={"response_format": {"type": "json_object"}}), "json_object"),
        (say(user(), settings={"reasoning": True, "reasoning_budget": 2000, "max_tokens": 9}), "max_tokens"),
        (say(user(), tool_choice="required"), "no tools"),
        (say(user([{"type": "input_audio"}])), "texts and pictures"),
        (say(user([{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}])), "neither"),
        (say({"content": "no role"}), "does not fit"),
    ]
    async with serving(FakeAnthropic(models=[row(anthropic_service.MODEL, "enabled")])) as service:
        for call, words in refused:
            with pytest.raises(BadRequest, match=words):
                await ask(service, call)
        with pytest.raises(WrongTask):
            await ask(service, Call(task=TEXT_GENERATION, model=TINY, inputs={"inputs": "once"}))
        assert service.asked == []
        with pytest.raises(ModelNotFound):
            await ask(service, chat(model="shore/nobody"))


async def test_keys_take_turns_and_the_key_is_in_no_error() -> None:
    async with serving(FakeAnthropic(["a"])) as service:
        async with opened(service.url, "anthropic", keys=("wrong", KEY)) as backend:
            assert (await _text(backend)) == "a"
        assert service.shown[:2] == ["wrong", KEY]
        service.refuse = (500, problem("api_error", f"oops {KEY}"), {})
        with pytest.raises(ModelFailed, match=r"oops \[redacted\]"):
            await ask(service)


async def _text(backend: Backend) -> str:
    return (await collect(backend.run(chat(model=TINY)))).text
