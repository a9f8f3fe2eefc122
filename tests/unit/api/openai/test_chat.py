"""/v1/chat/completions by the official client: its helpers, tools, formats, log probabilities."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Literal

import openai
import pytest
from pydantic import BaseModel
from tests.unit.api.conftest import until

from serai.errors import Busy, LoadFailed, ModelCrashed
from serai.types import Delta

ASKED: Any = {"model": "scripted", "messages": [{"role": "user", "content": "hi"}]}
TOOL: Any = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}, "strict": True}}


def piece(index: int, name: str | None = None, arguments: str = "") -> Delta:
    opening = {"id": f"c{index}", "type": "function"} if name else {}
    function = {"arguments": arguments, **({"name": name} if name else {})}
    return Delta(tool_calls=[{"index": index, **opening, "function": function}])


async def test_the_clients_own_stream_puts_it_together(client: Any) -> None:
    async with client.chat.completions.stream(**ASKED) as stream:
        kinds = {event.type async for event in stream}
        final = await stream.get_final_completion()
    assert {"chunk", "content.delta", "content.done"} <= kinds
    assert final.choices[0].message.content == "Hello there" and final.choices[0].finish_reason == "stop"


async def test_parallel_calls_of_tools_streamed_and_whole(make_client: Callable[..., Any]) -> None:
    client = await make_client(piece(0, "look", "{"), piece(0, None, "}"), piece(1, "look", '{"a":1}'))
    client.api.backend.finish = "tool_calls"
    asked = {**ASKED, "tools": [TOOL], "parallel_tool_calls": True, "tool_choice": "required"}
    whole = (await client.chat.completions.create(**asked)).choices[0]
    assert whole.finish_reason == "tool_calls" and whole.message.content is None
    assert [call.function.arguments for call in whole.message.tool_calls] == ["{}", '{"a":1}']
    async with client.chat.completions.stream(**asked) as stream:
        streamed = (await stream.get_final_completion()).choices[0].message.tool_calls
    assert [(call.id, call.function.arguments) for call in streamed] == [("c0", "{}"), ("c1", '{"a":1}')]
    assert client.api.backend.calls[0].inputs["tools"] == [TOOL]


async def test_what_a_tool_gave_goes_back(client: Any) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    said: Any = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": "what?"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "blue"}]},
    ]
    await client.chat.completions.create(model="scripted", messages=said)
    system, _, assistant, tool = client.api.backend.calls[0].inputs["messages"]
    assert (system["role"], assistant["tool_calls"], tool["content"]) == ("system", [call], "blue")


async def test_thoughts_come_apart(make_client: Callable[..., Any]) -> None:
    client = await make_client(Delta(reasoning="hm"), "Yes")
    message = (await client.chat.completions.create(**ASKED)).choices[0].message
    assert (message.content, message.reasoning_content) == ("Yes", "hm")
    stream = await client.chat.completions.create(**ASKED, stream=True)
    deltas = [chunk.choices[0].delta async for chunk in stream]
    assert "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas) == "hm"


@pytest.mark.parametrize(("effort", "thinks"), [("none", False), ("low", True), ("high", True)])
async def test_whether_a_model_thinks(client: Any, effort: Any, thinks: bool) -> None:
    await client.chat.completions.create(**ASKED, reasoning_effort=effort)
    assert client.api.backend.calls[0].settings == {"reasoning": thinks}


@pytest.mark.parametrize(
    ("fault", "kind", "status"),
    [
        (Busy("Full.", retry_after=7), openai.InternalServerError, 503),
        (LoadFailed("No.", cause="missing"), openai.InternalServerError, 503),
        (ModelCrashed("It died."), openai.InternalServerError, 502),
    ],
)
async def test_faults_have_the_clients_exceptions(
    make_client: Callable[..., Any], fault: Exception, kind: type[openai.APIStatusError], status: int
) -> None:
    client = await make_client(fault)
    for stream in (False, True):
        with pytest.raises(kind) as raised:
            await client.chat.completions.create(**ASKED, stream=stream)
        assert raised.value.status_code == status
        if isinstance(fault, Busy):
            assert raised.value.response.headers["retry-after"] == "7"


async def test_a_fault_in_the_middle_is_raised_by_the_clients_stream(make_client: Callable[..., Any]) -> None:
    client = await make_client("half", ModelCrashed("It died."))
    stream = await client.chat.completions.create(**ASKED, stream=True)
    with pytest.raises(openai.APIError, match="It died"):
        _ = [chunk async for chunk in stream]


async def test_who_leaves_a_whole_answer_stops_it(make_client: Callable[..., Any]) -> None:
    client = await make_client("half", asyncio.Event())
    for asked, begun in ((ASKED, 1), ({**ASKED, "n": 3}, 4)):
        asking = asyncio.create_task(client.chat.completions.create(**asked))
        await until(lambda begun=begun: len(client.api.backend.calls) == begun)
        asking.cancel()
        await until(lambda: not client.api.services.router.live())
    assert client.api.backend.closed == 4


class Answer(BaseModel):
    """What a real model is held to."""

    colour: Literal["red", "green"]
    sure: bool


@pytest.mark.engine
async def test_a_real_models_answer_follows_a_schema(real: Any) -> None:
    asked: Any = {**ASKED, "model": "tiny", "temperature": 1.5, "max_tokens": 200}
    parsed = (await real.chat.completions.parse(**asked, response_format=Answer)).choices[0].message.parsed
    assert isinstance(parsed, Answer)
    response = await real.responses.parse(
        model="tiny", input="hi", temperature=1.5, max_output_tokens=200, text_format=Answer
    )
    assert isinstance(response.output_parsed, Answer)


@pytest.mark.engine
async def test_a_real_models_log_probabilities_and_stops(real: Any) -> None:
    asked: Any = {"model": "guide", "messages": ASKED["messages"], "temperature": 0, "max_tokens": 8}
    choice = (await real.chat.completions.create(**asked, logprobs=True, top_logprobs=2)).choices[0]
    assert "".join(token.token for token in choice.logprobs.content) == choice.message.content
    assert all(len(token.top_logprobs) == 2 for token in choice.logprobs.content)
    bare = (await real.chat.completions.create(**asked, logprobs=True)).choices[0]
    assert all(token.top_logprobs == [] for token in bare.logprobs.content)
    word = choice.message.content.split()[1]
    stopped = (await real.chat.completions.create(**asked, stop=[word])).choices[0]
    assert stopped.finish_reason == "stop" and word not in stopped.message.content
    biased = {str(number): 100 for number in (40, 41)}
    told = (await real.chat.completions.create(**asked, logit_bias=biased)).choices[0].message.content
    assert told != choice.message.content


@pytest.mark.engine
async def test_a_real_chat_is_shortened_and_says_so(real: Any) -> None:
    turns = [{"role": role, "content": "the cat sat on a mat " * 4} for role in ("user", "assistant") * 20]
    asked: Any = {"model": "tiny", "messages": [*turns, {"role": "user", "content": "hello"}], "max_tokens": 4}
    with pytest.raises(openai.BadRequestError) as refused:
        await real.chat.completions.create(**asked)
    assert refused.value.code == "context_length_exceeded"
    answer = await real.chat.completions.create(**asked, extra_body={"truncation": "oldest"})
    assert answer.serai["left_out"] >= 20 and answer.usage.prompt_tokens > 200
