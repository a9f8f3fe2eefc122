"""Anthropic's messages over a scripted model: the official client, and the bytes it does not look at."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import anthropic
import pytest
from tests.fakes import pictures
from tests.unit.api.clients import for_anthropic
from tests.unit.api.conftest import Api, events

from serai.errors import Busy, ContextExceeded, LoadFailed, ModelCrashed
from serai.outside import Fetched
from serai.types import Delta, Usage

Make = Callable[..., Awaitable[Api]]
HI: Any = {"model": "scripted", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]}
TOOL: Any = {"name": "look", "description": "Looks.", "input_schema": {"type": "object", "properties": {}}}


def part(index: int = 0, name: str = "", arguments: str = "", call: str = "") -> Delta:
    function = {"name": name, "arguments": arguments} if name else {"arguments": arguments}
    return Delta(tool_calls=[{"index": index, "function": function, **({"id": call} if call else {})}])


def plain(message: anthropic.types.Message) -> list[dict[str, Any]]:
    """The blocks, without what only the streaming client adds."""
    return [block.model_dump(exclude={"parsed_output"}) for block in message.content]


@pytest.fixture
def make(make_server: Make) -> Callable[..., Any]:
    """Makes a server over a script, and Anthropic's client to it."""

    async def one(*script: Any, **settings: str) -> tuple[Api, anthropic.AsyncAnthropic]:
        api = await make_server(*script, **settings)
        return api, for_anthropic(api)

    return one


async def test_a_whole_message(make: Any) -> None:
    _, client = await make()
    message = await client.messages.create(**HI)
    assert (message.content[0].text, message.role, message.type) == ("Hello there", "assistant", "message")
    assert (message.stop_reason, message.stop_sequence, message.model) == ("end_turn", None, "scripted")
    assert (message.usage.input_tokens, message.usage.output_tokens) == (3, 2)
    assert message.id.startswith("msg_") and message._request_id.startswith("req_")


async def test_the_events_come_in_their_order(api: Api) -> None:
    response = await api.post("/v1/messages", json={**HI, "stream": True})
    told = events(response.text)
    assert [name for name, _ in told] == [
        "message_start",
        "ping",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert all(data["type"] == name for name, data in told)
    assert told[0][1]["message"]["content"] == [] and told[0][1]["message"]["stop_reason"] is None
    assert told[3][1] == {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}}
    assert told[-2][1]["delta"] == {"stop_reason": "end_turn", "stop_sequence": None}
    assert told[-2][1]["usage"]["output_tokens"] == 2


async def test_a_stream_of_thoughts_text_and_tools_is_put_together(make: Any) -> None:
    script = [
        Delta(reasoning="hm, ", prompt_tokens=9, cached_tokens=4),
        Delta(reasoning="a cat"),
        "Look: ",
        part(0, "look", "", "c1"),
        part(0, arguments='{"at":'),
        part(0, arguments='"سلام"}'),
        part(1, "look", "{}", "c2"),
    ]
    _, client = await make(*script)
    asked = {**HI, "max_tokens": 4000, "tools": [TOOL], "thinking": {"type": "enabled", "budget_tokens": 2000}}
    async with client.messages.stream(**asked) as stream:
        message = await stream.get_final_message()
    thought, text, first, second = message.content
    assert (thought.thinking, text.text) == ("hm, a cat", "Look: ") and thought.signature
    assert (first.id, first.name, first.input) == ("c1", "look", {"at": "سلام"}) and second.input == {}
    whole = await client.messages.create(**asked)
    assert plain(whole) == plain(message)


async def test_the_length_of_the_prompt_is_said_at_the_start(make_api: Make) -> None:
    api = await make_api(Delta(text="a", prompt_tokens=9, cached_tokens=4))
    start = events((await api.post("/v1/messages", json={**HI, "stream": True})).text)[0][1]
    usage = start["message"]["usage"]
    assert (usage["input_tokens"], usage["cache_read_input_tokens"], usage["output_tokens"]) == (5, 4, 0)


async def test_thoughts_that_are_not_to_be_shown_leave_their_signature(make: Any) -> None:
    _, client = await make(Delta(reasoning="secret"), "Yes.")
    asked = {**HI, "thinking": {"type": "adaptive", "display": "omitted"}}
    async with client.messages.stream(**asked) as stream:
        message = await stream.get_final_message()
    assert [(block.type, getattr(block, "thinking", "")) for block in message.content] == [
        ("thinking", ""),
        ("text", ""),
    ]
    assert message.content[0].signature and plain(await client.messages.create(**asked)) == plain(message)


ENDS = [
    ({"finish": "stop", "stop_text": "END"}, ("stop_sequence", "END")),
    ({"finish": "stop", "stop_text": "\nUser:"}, ("end_turn", None)),
    ({"finish": "length"}, ("max_tokens", None)),
    ({"finish": "length", "usage": Usage(completion_tokens=40)}, ("model_context_window_exceeded", None)),
    ({"finish": "tool_calls"}, ("tool_use", None)),
    ({"finish": "content_filter"}, ("refusal", None)),
    ({"finish": "cancelled"}, ("end_turn", None)),
]


@pytest.mark.parametrize(("end", "reason"), ENDS)
async def test_why_it_ended(make_api: Make, end: Any, reason: tuple[str, str | None]) -> None:
    api = await make_api()
    api.backend.ends = {"usage": Usage(completion_tokens=100), **end}
    asked = {**HI, "stop_sequences": ["END"]}
    whole = (await api.post("/v1/messages", json=asked)).json()
    streamed = events((await api.post("/v1/messages", json={**asked, "stream": True})).text)[-2][1]["delta"]
    assert (whole["stop_reason"], whole["stop_sequence"]) == reason
    assert (streamed["stop_reason"], streamed["stop_sequence"]) == reason


async def test_settings_reach_the_model(make: Any) -> None:
    api, client = await make()
    more = {"temperature": 0.5, "top_p": 0.9, "top_k": 40, "min_p": 0.1, "seed": 7}
    await client.messages.create(**HI, stop_sequences=["X"], extra_body=more)
    assert api.backend.calls[0].settings == {
        **more,
        "max_tokens": 100,
        "stop": ["X"],
        "reasoning": False,
    }


async def test_a_schema_for_the_answer_reaches_the_model(make: Any) -> None:
    api, client = await make('{"a": 1}')
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False}
    config = {"format": {"type": "json_schema", "schema": schema}, "effort": "low"}
    answer = await client.messages.with_raw_response.create(**HI, output_config=config)
    assert api.backend.calls[0].settings["response_format"]["json_schema"]["schema"] == schema
    assert answer.headers["x-serai-ignored-fields"] == "output_config.effort"


ERRORS = [
    ({"max_tokens": None}, "max_tokens"),
    ({"model": None}, "model"),
    ({"messages": []}, "messages"),
    ({"messages": [{"role": "narrator", "content": "x"}]}, "messages.0.role"),
    ({"messages": [{"role": "user", "content": [{"type": "document", "source": {}}]}]}, "documents"),
    ({"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "file"}}]}]}, "source"),
    ({"messages": [{"role": "user", "content": 3}]}, "messages.0.content"),
    ({"messages": [{"role": "assistant", "content": [{"type": "server_tool_use"}]}]}, "server_tool_use"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"max_tokens": 1.5}, "max_tokens"),
    ({"temperature": 1.5}, "temperature"),
    ({"temperature": True}, "temperature"),
    ({"stop_sequences": [""]}, "stop_sequences"),
    ({"stop_sequences": [3]}, "stop_sequences"),
    ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "web_search_20250305"),
    ({"tools": [{"name": "a b", "input_schema": {}}]}, "tools.0.name"),
    ({"tools": [TOOL], "tool_choice": {"type": "tool"}}, "tool_choice.name"),
    ({"tool_choice": {"type": "any"}}, "tool_choice"),
    ({"thinking": {"type": "enabled", "budget_tokens": 100}}, "thinking.budget_tokens"),
    ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, "max_tokens"),
    ({"mcp_servers": [{"url": "x"}]}, "mcp_servers"),
    ({"container": "x"}, "container"),
]


@pytest.mark.parametrize(("wrong", "named"), ERRORS)
async def test_what_does_not_fit_is_refused_by_name(api: Api, wrong: Any, named: str) -> None:
    response = await api.post("/v1/messages", json={**HI, **wrong})
    told = response.json()
    assert (response.status_code, told["type"], told["error"]["type"]) == (400, "error", "invalid_request_error")
    assert named in told["error"]["message"] and told["request_id"] == response.headers["request-id"]
    assert not api.backend.calls


@pytest.mark.parametrize("wrong", [b"{", b"[]", b'{"model": "\xff"}', b"[" * 100_000, b""])
async def test_what_is_no_json_is_refused(api: Api, wrong: bytes) -> None:
    response = await api.post("/v1/messages", content=wrong)
    assert (response.status_code, response.json()["error"]["type"]) == (400, "invalid_request_error")


STATUSES = [
    (ContextExceeded(900, 512, "m"), 400, "invalid_request_error"),
    (LoadFailed("no", cause="missing"), 503, "api_error"),
    (Busy("later", retry_after=7), 529, "overloaded_error"),
    (ModelCrashed("dead"), 502, "api_error"),
    (RuntimeError("fault"), 500, "api_error"),
]


@pytest.mark.parametrize(("error", "status", "kind"), STATUSES)
async def test_errors_have_their_envelope_and_status(make_api: Make, error: Exception, status: int, kind: str) -> None:
    response = await (await make_api(error)).post("/v1/messages", json=HI)
    assert (response.status_code, response.json()["error"]["type"]) == (status, kind)
    assert response.headers.get("retry-after") == ("7" if status == 529 else None)


async def test_the_client_raises_its_own_errors(make: Any) -> None:
    _, client = await make()
    with pytest.raises(anthropic.NotFoundError, match="no model called"):
        await client.messages.create(**HI | {"model": "other"})
    with pytest.raises(anthropic.BadRequestError):
        await client.messages.create(**HI | {"messages": []})


async def test_an_error_in_the_middle_is_an_event(make: Any) -> None:
    _, client = await make("Half", ModelCrashed("The process died."))
    async with client.messages.stream(**HI) as stream:
        assert await anext(stream.text_stream) == "Half"
        with pytest.raises(anthropic.APIStatusError, match="The process died"):
            await stream.get_final_message()


async def test_a_key_is_asked_for_in_its_envelope_and_taken_from_its_header(make_api: Make) -> None:
    api = await make_api(server_host="0.0.0.0")
    refused = await api.post("/v1/messages", json=HI)
    assert (refused.status_code, refused.json()["error"]["type"]) == (401, "authentication_error")
    headers = {"x-api-key": await api.key("infer"), "anthropic-version": "2023-06-01"}
    assert (await api.post("/v1/messages", json=HI, headers=headers)).status_code == 200


async def test_leaving_stops_the_model(make: Any) -> None:
    import asyncio

    from tests.unit.api.conftest import until

    api, client = await make("a", asyncio.Event())
    async with client.messages.stream(**HI) as stream:
        async for _ in stream.text_stream:
            break
    await until(lambda: api.backend.closed == 1)


async def test_unknown_fields_are_let_through_and_named(api: Api) -> None:
    response = await api.post("/v1/messages", json={**HI, "context_management": {}, "speed": "fast", "metadata": {}})
    assert response.headers["x-serai-ignored-fields"] == "context_management, speed"


async def test_models_have_the_shape_of_who_asks(make: Any) -> None:
    api, client = await make()
    page = await client.models.list()
    assert [(model.id, model.type, model.max_input_tokens) for model in page.data] == [("scripted", "model", 4096)]
    assert (await client.models.retrieve("scripted")).display_name == "Scripted"
    with pytest.raises(anthropic.NotFoundError):
        await client.models.retrieve("other")
    assert (await api.get("/v1/models")).json()["object"] == "list"


async def test_models_come_page_by_page(make: Any) -> None:
    from dataclasses import replace

    api, client = await make()
    one = api.services.store.known["scripted"]
    api.services.store.known.update({f"m{number}": replace(one, name=f"m{number}") for number in range(7)})
    assert [model.id async for model in await client.models.list(limit=3)] == [
        "scripted",
        *(f"m{number}" for number in range(7)),
    ]
    back = await client.models.list(limit=2, before_id="m3")
    assert [model.id for model in back.data] == ["m1", "m2"] and back.has_more


class Web:
    """Answers for every address in the way of `serai.outside.Outside`."""

    async def fetch(self, url: str, *, most: int, kinds: Any) -> Fetched:
        return Fetched(pictures.png(), "image/png")


async def test_a_picture_by_its_address_is_fetched(make: Any) -> None:
    api, client = await make(Delta(data={"tokens": 1}))
    block: Any = {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}
    asked: Any = {"model": "scripted", "messages": [{"role": "user", "content": [block]}]}
    api.services.outside = Web()
    await client.messages.create(**asked, max_tokens=5)
    await client.messages.count_tokens(**asked)
    for call in api.backend.calls:
        url = call.inputs["messages"][0]["content"][0]["image_url"]["url"]
        assert url == pictures.url(pictures.png())


async def test_tokens_are_counted(make: Any) -> None:
    api, client = await make(Delta(data={"tokens": 12}))
    counted = await client.messages.count_tokens(model="scripted", messages=HI["messages"], tools=[TOOL], system="Be.")
    call = api.backend.calls[0]
    assert counted.input_tokens == 12 and call.task == "token-count"
    assert [message["role"] for message in call.inputs["messages"]] == ["system", "user"] and call.inputs["tools"]


async def test_the_events_are_json_on_one_line_each(api: Api) -> None:
    text = (await api.post("/v1/messages", json={**HI, "stream": True})).text
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n")
        assert name.startswith("event: ") and json.loads(data.removeprefix("data: "))
