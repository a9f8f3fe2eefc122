from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.unit.api.conftest import Api, events, until

from serai.errors import ContextExceeded, LoadFailed, ModelCrashed
from serai.types import Delta

MakeApi = Callable[..., Awaitable[Api]]
Body = dict[str, Any]


async def test_a_whole_answer(api: Api) -> None:
    answer = (await api.chat(model="scripted")).json()
    choice = answer["choices"][0]
    assert choice["message"]["content"] == "Hello there"
    assert (choice["finish_reason"], answer["object"], answer["model"]) == ("stop", "chat.completion", "scripted")
    assert answer["usage"] == {
        "prompt_tokens": 3,
        "completion_tokens": 2,
        "total_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 0},
    }
    assert answer["serai"]["answerer"]["backend"] == "scripted"


async def test_a_streamed_answer(api: Api) -> None:
    response = await api.chat(stream=True)
    assert response.headers["content-type"].startswith("text/event-stream")
    *chunks, done = [data for _, data in events(response.text)]
    assert done == "[DONE]"
    assert [chunk["choices"][0]["delta"] for chunk in chunks] == [
        {"role": "assistant", "content": ""},
        {"content": "Hello"},
        {"content": " there"},
        {},
    ]
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["serai"]["first_token_s"] >= 0
    assert len({chunk["id"] for chunk in chunks}) == 1


async def test_usage_comes_last_when_it_is_wanted(api: Api) -> None:
    response = await api.chat(stream=True, stream_options={"include_usage": True})
    last = events(response.text)[-2][1]
    assert (last["choices"], last["usage"]["total_tokens"]) == ([], 5)
    assert last["serai"]["answerer"]["model"] == "scripted"


async def test_settings_reach_the_model(api: Api) -> None:
    settings: Body = {
        "temperature": 0.2,
        "top_p": 0.9,
        "top_k": 40,
        "min_p": 0.1,
        "repetition_penalty": 1.1,
        "presence_penalty": 0.5,
        "frequency_penalty": -0.5,
        "seed": 7,
        "stop": ["\n"],
        "logit_bias": {"5": -100},
        "logprobs": True,
        "top_logprobs": 3,
    }
    await api.chat(**settings, max_completion_tokens=9)
    assert api.backend.calls[0].settings == {**settings, "max_tokens": 9}


async def test_grammar_tools_and_formats_reach_the_model(api: Api) -> None:
    tools = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]
    shape = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
    await api.chat(tools=tools, tool_choice="auto", response_format=shape)
    await api.chat(grammar='root ::= "yes"')
    first, second = api.backend.calls
    assert (first.inputs["tools"], first.inputs["tool_choice"]) == (tools, "auto")
    assert first.settings["response_format"] == shape
    assert second.settings["grammar"] == 'root ::= "yes"'


async def test_null_is_the_same_as_not_there(api: Api) -> None:
    await api.chat(temperature=None, stop=None, tools=None, model=None)
    assert api.backend.calls[0].settings == {}


async def test_roles_and_parts(api: Api) -> None:
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    messages = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": parts}]
    await api.chat(messages=messages)
    said = api.backend.calls[0].inputs["messages"]
    assert said == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "one\ntwo"}]


async def test_a_conversation_with_tools_is_passed_on(api: Api) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "look"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "a cat"},
    ]
    assert (await api.chat(messages=messages)).status_code == 200
    assert api.backend.calls[0].inputs["messages"] == messages


async def test_tool_calls_and_logprobs_come_back(make_api: MakeApi) -> None:
    part = {"index": 0, "id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    probability = {"token": "x", "logprob": -0.5, "bytes": [120], "top_logprobs": []}
    script = [Delta(tool_calls=[part]), Delta(text="x", logprobs={"content": [probability]}), Delta(reasoning="hm")]
    api = await make_api(*script)
    chunks = [data for _, data in events((await api.chat(stream=True)).text)][1:4]
    assert chunks[0]["choices"][0]["delta"]["tool_calls"] == [part]
    assert chunks[1]["choices"][0]["logprobs"]["content"] == [probability]
    assert chunks[2]["choices"][0]["delta"] == {"reasoning_content": "hm"}


async def test_a_whole_answer_with_tool_calls(make_api: MakeApi) -> None:
    part = {"index": 0, "id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    api = await make_api(Delta(tool_calls=[part]))
    message = (await api.chat()).json()["choices"][0]["message"]
    assert message["content"] is None
    assert message["tool_calls"][0]["function"]["name"] == "look"


async def test_unknown_fields_are_let_through_by_name(api: Api) -> None:
    response = await api.chat(user="me", **{"bad\r\nname": 1})
    assert response.status_code == 200
    assert response.headers["x-serai-ignored-fields"] == "user, bad??name"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 0}, "n"),
        ({"n": 9}, "n"),
        ({"n": True}, "n"),
        ({"reasoning_effort": "much"}, "reasoning_effort"),
        ({"audio": {"voice": "x"}}, "audio"),
        ({"functions": []}, "functions"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 5, "max_completion_tokens": 6}, "max_completion_tokens"),
        ({"stop": [1]}, "stop"),
        ({"stream": "yes"}, "stream"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"tools": [{"type": "function"}]}, "tools[0]"),
        ({"messages": []}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": [{"role": "king", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            "messages[0].content[0]",
        ),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
    ],
)
async def test_what_cannot_be_honoured_is_refused_by_name(api: Api, fields: Body, param: str) -> None:
    response = await api.chat(**fields)
    error = response.json()["error"]
    assert (response.status_code, error["type"], error["param"]) == (400, "invalid_request_error", param)
    assert not api.backend.calls


async def test_one_answer_may_be_asked_for(api: Api) -> None:
    assert (await api.chat(n=1, modalities=["text"])).status_code == 200


async def test_an_unknown_model_gives_the_nearest_names(api: Api) -> None:
    for stream in (False, True):
        response = await api.chat(model="scriptd", stream=stream)
        error = response.json()["error"]
        assert (response.status_code, error["code"]) == (404, "model_not_found")
        assert error["serai"]["facts"]["nearest"] == ["scripted"]


async def test_too_long_a_prompt_tells_both_numbers(make_api: MakeApi) -> None:
    api = await make_api(ContextExceeded(9000, 4096, "scripted"))
    for stream in (False, True):
        response = await api.chat(stream=stream)
        error = response.json()["error"]
        assert (response.status_code, error["code"]) == (400, "context_length_exceeded")
        assert "9,000" in error["message"] and "4,096" in error["message"]


async def test_a_model_that_does_not_load_is_503(make_api: MakeApi) -> None:
    api = await make_api(LoadFailed("No memory.", cause="out_of_memory"))
    assert (await api.chat()).status_code == 503


async def test_an_error_in_the_middle_is_the_streams_last_event(make_api: MakeApi) -> None:
    api = await make_api("half", ModelCrashed("It died.", hint="Ask again."))
    text = (await api.chat(stream=True)).text
    assert "[DONE]" not in text
    assert events(text)[-1][1]["error"]["code"] == "model_crashed"


async def test_a_fault_of_serai_leaks_nothing(make_api: MakeApi) -> None:
    api = await make_api(RuntimeError("secret detail"))
    response = await api.chat()
    assert response.status_code == 500
    assert "secret" not in response.text
    assert response.json()["error"]["serai"]["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff\xfe{}", b'{"messages": "\\ud800"}', b"[" * 100_000, b""])
async def test_a_body_that_is_no_json_object(api: Api, body: bytes) -> None:
    response = await api.post("/v1/chat/completions", content=body, headers={"content-type": "application/json"})
    assert (response.status_code, response.json()["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize("stream", [True, False])
async def test_a_client_that_vanishes_ends_the_model(make_server: MakeApi, stream: bool) -> None:
    api = await make_server("a", asyncio.Event())
    asking = asyncio.create_task(api.chat(stream=stream))
    await until(lambda: api.backend.calls)
    asking.cancel()
    await until(lambda: api.backend.closed)
    assert not api.services.router.live()


async def test_two_users_at_once(make_server: MakeApi) -> None:
    gate = asyncio.Event()
    api = await make_server("a", gate, "b")
    waiting = [asyncio.create_task(api.chat(stream=True)) for _ in range(2)]
    await until(lambda: len(api.services.router.live()) == 2)
    gate.set()
    for answer in await asyncio.gather(*waiting):
        assert [data["choices"][0]["delta"].get("content") for _, data in events(answer.text)[1:3]] == ["a", "b"]


async def test_models_are_listed(api: Api) -> None:
    listed = (await api.get("/v1/models")).json()
    assert [model["id"] for model in listed["data"]] == ["scripted"]
    assert (await api.get("/v1/models/scripted")).json()["object"] == "model"
    missing = await api.get("/v1/models/org/none")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "model_not_found")
