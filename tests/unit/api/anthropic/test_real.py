"""Anthropic's client against real models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anthropic
import pytest
from tests.fakes import pictures, tiny_companions, tiny_gguf
from tests.unit.api.clients import for_anthropic
from tests.unit.api.conftest import Api, events

pytestmark = pytest.mark.engine
QUESTION: Any = {"model": "serai-guide", "messages": [{"role": "user", "content": "How do I stop Serai?"}]}
CLOCK: Any = {
    "name": "clock",
    "input_schema": {
        "type": "object",
        "properties": {"zone": {"enum": ["UTC"]}},
        "required": ["zone"],
        "additionalProperties": False,
    },
}
NO_SPACES = {str(token): -1 for token in (3 + 9, 3 + 10, 3 + 13, 3 + 32, 259)}


async def test_the_guide_answers_whole_and_in_pieces(real: Api) -> None:
    client = for_anthropic(real)
    whole = await client.messages.create(**QUESTION, max_tokens=200)
    async with client.messages.stream(**QUESTION, max_tokens=200) as stream:
        message = await stream.get_final_message()
    assert whole.stop_reason == message.stop_reason == "end_turn"
    assert whole.content[0].text == message.content[0].text != ""
    assert whole.usage.output_tokens == message.usage.output_tokens > 1


async def test_counted_tokens_are_those_that_are_reported(real: Api) -> None:
    client = for_anthropic(real)
    asked = {**QUESTION, "system": [{"type": "text", "text": "Be brief."}]}
    counted = await client.messages.count_tokens(**asked)
    first = (await client.messages.create(**asked, max_tokens=5)).usage
    again = (await client.messages.create(**asked, max_tokens=5)).usage
    assert counted.input_tokens == first.input_tokens + first.cache_read_input_tokens
    assert counted.input_tokens == again.input_tokens + again.cache_read_input_tokens
    assert again.cache_read_input_tokens > 0


async def test_a_stream_says_at_its_start_how_long_the_prompt_is(real: Api) -> None:
    counted = await for_anthropic(real).messages.count_tokens(**QUESTION)
    told = events((await real.post("/v1/messages", json={**QUESTION, "max_tokens": 3, "stream": True})).text)
    start, end = told[0][1]["message"]["usage"], told[-2][1]["usage"]
    assert start["input_tokens"] + start["cache_read_input_tokens"] == counted.input_tokens
    assert (start["input_tokens"], start["cache_read_input_tokens"]) == (
        end["input_tokens"],
        end["cache_read_input_tokens"],
    )


async def test_a_stop_sequence_is_told_and_does_not_leak(real: Api) -> None:
    client = for_anthropic(real)
    words = (await client.messages.create(**QUESTION, max_tokens=100)).content[0].text
    stop = words[10:16]
    message = await client.messages.create(**QUESTION, max_tokens=100, stop_sequences=["\u0000never", stop])
    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", stop)
    assert message.content[0].text == words[: words.index(stop)]


async def test_too_much_is_refused_with_the_numbers(real: Api) -> None:
    messages = [{"role": "user", "content": "word " * 3000}]
    with pytest.raises(anthropic.BadRequestError, match=r"tokens; serai-guide can read 512"):
        await for_anthropic(real).messages.create(model="serai-guide", max_tokens=9, messages=messages)


async def test_a_demanded_tool_is_called_and_its_result_goes_back(real: Api, tmp_path: Path) -> None:
    path = tiny_gguf.write(tmp_path / "t.gguf", says="<tool_call>\n", context=1024)
    model = await real.services.store.add(path, "caller")
    await real.services.store.set_loading(model.name, {"context": 1024})
    client = for_anthropic(real)
    asked: Any = {
        "model": "caller",
        "max_tokens": 120,
        "tools": [CLOCK],
        "tool_choice": {"type": "tool", "name": "clock"},
        "extra_body": {"temperature": 0, "logit_bias": NO_SPACES},
    }
    messages: list[Any] = [{"role": "user", "content": "What time is it?"}]
    async with client.messages.stream(**asked, messages=messages) as stream:
        streamed = await stream.get_final_message()
    whole = await client.messages.create(**asked, messages=messages)
    for message in (streamed, whole):
        use = message.content[-1]
        assert (message.stop_reason, use.type, use.name, use.input) == (
            "tool_use",
            "tool_use",
            "clock",
            {"zone": "UTC"},
        )
    result = {"type": "tool_result", "tool_use_id": whole.content[-1].id, "content": "12:00"}
    messages += [{"role": "assistant", "content": whole.content}, {"role": "user", "content": [result]}]
    asked["tool_choice"] = {"type": "none"}
    assert (await client.messages.create(**asked, messages=messages)).usage.output_tokens > 0


async def test_a_picture_is_seen(real: Api, tmp_path: Path) -> None:
    path = tiny_gguf.write(tmp_path / "m.gguf")
    tiny_companions.projector(tmp_path / "mmproj-m.gguf")
    await real.services.store.add(path, "sees")
    image = {"type": "base64", "media_type": "image/png", "data": pictures.url(pictures.png()).partition(",")[2]}
    parts: Any = [{"type": "image", "source": image}, {"type": "text", "text": "What is it?"}]
    asked: Any = {"model": "sees", "messages": [{"role": "user", "content": parts}]}
    client = for_anthropic(real)
    usage = (await client.messages.create(**asked, max_tokens=3)).usage
    assert usage.output_tokens == 3
    counted = (await client.messages.count_tokens(**asked)).input_tokens
    assert counted == usage.input_tokens + usage.cache_read_input_tokens
