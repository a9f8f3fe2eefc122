"""Ollama's own language; its own client speaks to the same twin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ollama
import pytest
from tests.fakes.ollama_service import CALL, FakeOllama, serving
from tests.unit.providers.conftest import chat, opened

from serai.backend import collect
from serai.errors import BadRequest, ModelFailed, ModelNotFound, WrongTask
from serai.types import FEATURE_EXTRACTION, TEXT_GENERATION, TEXT_RANKING, Call, Result

TINY = "shore/tiny"


async def ask(service: FakeOllama, call: Call) -> Result:
    async with opened(service.url, "ollama") as backend:
        return await collect(backend.run(call))


async def test_the_twin_is_what_the_official_client_takes_it_for() -> None:
    async with serving(FakeOllama(["a", "b"])) as service, ollama.AsyncClient(service.url) as client:
        stream = await client.chat("tiny", [{"role": "user"}], stream=True)
        assert [part.message.content async for part in stream] == ["a", "b", ""]
        assert [row.model for row in (await client.list()).models] == ["tiny:latest", "big:7b"]


async def test_it_lists_its_models_and_answers_with_measurements() -> None:
    async with serving(FakeOllama(["سلام", " 🙂"], thinking="hm")) as service, opened(service.url, "ollama") as shore:
        assert [model.name for model in await shore.models()] == [TINY, "shore/big:7b"]
        result = await collect(shore.run(chat(model=TINY, repetition_penalty=1.5, reasoning=True, system="Be.")))
    assert (result.text, result.reasoning, result.finish) == ("سلام 🙂", "hm", "stop")
    assert (result.usage.prompt_tokens, result.usage.completion_tokens, result.usage.tokens_per_second) == (5, 2, 200)
    asked = service.asked[0]
    assert asked["options"] == {"repeat_penalty": 1.5} and asked["think"] is True
    assert asked["messages"][0] == {"role": "system", "content": "Be."}


async def test_tools_are_called_in_openais_shape() -> None:
    told = {"role": "assistant", "tool_calls": [{"id": "x", "function": {"name": "look", "arguments": '{"at": 1}'}}]}
    tools = [{"type": "function", "function": {"name": "look", "parameters": {}}}]
    call = chat(model=TINY)
    inputs = {"messages": [*call.inputs["messages"], told], "tools": tools}
    async with serving(FakeOllama([], tools=[CALL, CALL])) as service:
        result = await ask(service, replace(call, inputs=inputs))
    assert result.finish == "tool_calls"
    assert [one["id"] for one in result.tool_calls] == ["call_0", "call_1"]
    assert result.tool_calls[0]["function"] == {"name": "look", "arguments": '{"at":"sea"}'}
    assert service.asked[0]["messages"][1]["tool_calls"] == [{"function": {"name": "look", "arguments": {"at": 1}}}]


async def test_pictures_and_shapes_are_said_its_way() -> None:
    parts = [{"type": "text", "text": "?"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
    call = chat(model=TINY, response_format={"type": "json_schema", "json_schema": {"schema": {"type": "object"}}})
    async with serving(FakeOllama(["a"])) as service:
        await ask(service, replace(call, inputs={"messages": [{"role": "user", "content": parts}]}))
    assert service.asked[0]["messages"] == [{"role": "user", "content": "?", "images": ["AAAA"]}]
    assert service.asked[0]["format"] == {"type": "object"}


async def test_texts_and_vectors() -> None:
    async with serving(FakeOllama(["a", "b"])) as service:
        assert (await ask(service, Call(task=TEXT_GENERATION, model=TINY, inputs={"inputs": "x"}))).text == "ab"
        result = await ask(service, Call(task=FEATURE_EXTRACTION, model=TINY, inputs={"inputs": ["x", "y"]}))
    assert result.data == [[0.6, 0.8]] * 2 and result.usage.prompt_tokens == 4
    assert service.asked[0]["raw"] is True


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ({"cut_after": 1}, "broke"),
        ({"raw_after": 1, "raw": b'{"error": "no more room"}\n'}, "no more room"),
        ({"raw_after": 1, "raw": b"{no json\n"}, "no answer"),
        ({"raw_after": 1}, "ended before"),
    ],
)
async def test_faults_in_the_middle_are_blamed_on_it(faults: dict[str, Any], words: str) -> None:
    async with serving(FakeOllama(**faults)) as service:
        with pytest.raises(ModelFailed, match=words) as caught:
            await ask(service, chat(model=TINY))
    assert caught.value.who == "shore"


async def test_what_it_does_not_have_is_said_before_anything_is_asked() -> None:
    must = replace(chat(model=TINY), inputs={"messages": [{"role": "user"}], "tool_choice": "required"})
    async with serving(FakeOllama()) as service:
        with pytest.raises(BadRequest, match="logprobs"):
            await ask(service, chat(model=TINY, logprobs=True))
        with pytest.raises(WrongTask):
            await ask(service, Call(task=TEXT_RANKING, model=TINY, inputs={"query": "a", "texts": ["b"]}))
        with pytest.raises(BadRequest, match="which tool"):
            await ask(service, must)
        with pytest.raises(BadRequest, match="does not fit"):
            await ask(service, replace(must, inputs={"messages": [{"content": "no role"}]}))
        assert service.asked == []
        with pytest.raises(ModelNotFound):
            await ask(service, chat(model="shore/nobody"))
