"""/v1/responses by the official client, streamed and whole, kept and not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import openai
import pytest
from tests.unit.api.conftest import until

from serai.errors import ContextExceeded, ModelCrashed
from serai.types import Delta

TOOL: Any = {"type": "function", "name": "look", "parameters": {"type": "object"}, "strict": False}
ASKED: Any = {"model": "scripted", "input": "hi"}
MESSAGE = [
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
]


def piece(index: int, name: str = "", arguments: str = "", id_: str | None = None) -> Delta:
    function = {"name": name, "arguments": arguments} if name else {"arguments": arguments}
    return Delta(tool_calls=[{"index": index, "id": id_, "type": "function", "function": function}])


async def told(client: Any, **fields: Any) -> list[Any]:
    stream = await client.responses.create(**{**ASKED, **fields}, stream=True)
    return [event async for event in stream]


async def test_a_whole_response(client: Any) -> None:
    response = await client.responses.create(**ASKED, instructions="Be kind.", metadata={"a": "b"}, temperature=0.5)
    assert (response.output_text, response.status, response.object) == ("Hello there", "completed", "response")
    assert (response.usage.input_tokens, response.usage.output_tokens, response.usage.total_tokens) == (3, 2, 5)
    assert (response.metadata, response.instructions, response.temperature) == ({"a": "b"}, "Be kind.", 0.5)
    call = client.api.backend.calls[0]
    assert call.inputs["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "hi"},
    ]


async def test_events_come_in_their_order_and_are_numbered(client: Any) -> None:
    events = await told(client)
    kinds = [event.type for event in events]
    assert kinds == ["response.created", "response.in_progress", *MESSAGE, "response.completed"]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[0].response.status == "in_progress" and events[0].response.output == []
    assert events[-1].response.output_text == "Hello there" and events[-1].response.usage.output_tokens == 2
    ids = {event.item_id for event in events if hasattr(event, "item_id")}
    assert ids == {events[-1].response.output[0].id}


async def test_the_clients_own_stream_puts_it_together(client: Any) -> None:
    async with client.responses.stream(**ASKED) as stream:
        kinds = [event.type async for event in stream]
        final = await stream.get_final_response()
    assert kinds[-1] == "response.completed" and final.output_text == "Hello there"


async def test_thoughts_text_and_tools_are_items_of_their_own(make_client: Callable[..., Any]) -> None:
    script = [
        Delta(reasoning="hm"),
        "Look:",
        piece(0, "look", "", "c1"),
        piece(0, arguments='{"a"'),
        piece(0, arguments=":1}"),
        piece(1, "look", "{}", "c2"),
    ]
    client = await make_client(*script)
    events = await told(client, tools=[TOOL])
    added = [(event.output_index, event.item.type) for event in events if event.type == "response.output_item.added"]
    assert added == [(0, "reasoning"), (1, "message"), (2, "function_call"), (3, "function_call")]
    done = [event.item for event in events if event.type == "response.output_item.done"]
    assert done[0].content[0].text == "hm" and done[2].arguments == '{"a":1}'
    assert [(item.call_id, item.name, item.status) for item in done[2:]] == [
        ("c1", "look", "completed"),
        ("c2", "look", "completed"),
    ]
    arguments = [event for event in events if event.type == "response.function_call_arguments.done"]
    assert [event.arguments for event in arguments] == ['{"a":1}', "{}"]


async def test_tools_and_their_choice_reach_the_model(client: Any) -> None:
    other = {**TOOL, "name": "other"}
    allowed = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "other"}]}
    await client.responses.create(**ASKED, tools=[TOOL, other], tool_choice=allowed)
    await client.responses.create(**ASKED, tools=[TOOL], tool_choice={"type": "function", "name": "look"})
    first, second = (call.inputs for call in client.api.backend.calls)
    assert [tool["function"]["name"] for tool in first["tools"]] == ["other"] and first["tool_choice"] == "required"
    assert second["tool_choice"] == {"type": "function", "function": {"name": "look"}}


async def test_a_tools_result_goes_back_to_its_call(client: Any) -> None:
    items: Any = [
        {"role": "user", "content": [{"type": "input_text", "text": "what?"}]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "blue"},
    ]
    await client.responses.create(model="scripted", input=items, tools=[TOOL])
    user, assistant, tool = client.api.backend.calls[0].inputs["messages"]
    assert user == {"role": "user", "content": "what?"} and assistant["tool_calls"][0]["id"] == "c1"
    assert tool == {"role": "tool", "tool_call_id": "c1", "content": "blue"}


async def test_a_question_follows_on_a_kept_response(client: Any) -> None:
    first = await client.responses.create(**ASKED, instructions="Only once.")
    second = await client.responses.create(model="scripted", input="more", previous_response_id=first.id)
    await client.responses.create(model="scripted", input="again", previous_response_id=second.id)
    assert [message["content"] for message in client.api.backend.calls[-1].inputs["messages"]] == [
        "hi",
        "Hello there",
        "more",
        "Hello there",
        "again",
    ]


async def test_it_can_follow_as_soon_as_its_stream_ended(client: Any) -> None:
    events = await told(client)
    kept = await client.responses.retrieve(events[-1].response.id)
    assert kept.output == events[-1].response.output
    await client.responses.create(**ASKED, previous_response_id=kept.id)


async def test_what_was_asked_is_listed_page_by_page(client: Any) -> None:
    items: Any = [{"role": "user", "content": str(number)} for number in range(5)]
    made = await client.responses.create(model="scripted", input=items)
    page = await client.responses.input_items.list(made.id, limit=2, order="asc")
    assert [item.content[0].text async for item in page] == ["0", "1", "2", "3", "4"]
    newest = await client.responses.input_items.list(made.id, limit=1)
    assert newest.data[0].content[0].text == "4" and newest.has_more


async def test_nothing_is_kept_where_that_is_not_wanted_and_the_deleted_is_gone(client: Any) -> None:
    free = await client.responses.create(**ASKED, store=False)
    kept = await client.responses.create(**ASKED)
    await client.responses.delete(kept.id)
    for response in (free.id, kept.id, "resp_none"):
        with pytest.raises(openai.NotFoundError):
            await client.responses.retrieve(response)
    with pytest.raises(openai.NotFoundError) as refused:
        await client.responses.create(**ASKED, previous_response_id=free.id)
    assert refused.value.param == "previous_response_id"


async def test_anothers_response_is_not_found(make_client: Callable[..., Any]) -> None:
    client = await make_client(server_allowed_hosts="x", server_host="0.0.0.0")
    one, other = [client.with_options(api_key=await client.api.key("infer")) for _ in range(2)]
    kept = await one.responses.create(**ASKED)
    assert (await one.responses.retrieve(kept.id)).id == kept.id
    for use in (other.responses.retrieve, other.responses.delete, other.responses.cancel):
        with pytest.raises(openai.NotFoundError):
            await use(kept.id)


async def test_one_that_is_being_written_is_seen_and_can_be_cancelled(make_client: Callable[..., Any]) -> None:
    client = await make_client("half", asyncio.Event())
    stream = aiter(await client.responses.create(**ASKED, stream=True))
    created = await anext(stream)
    assert (await client.responses.retrieve(created.response.id)).status == "in_progress"
    ended = await client.responses.cancel(created.response.id)
    assert (ended.status, ended.output_text) == ("cancelled", "half")
    assert [event async for event in stream][-1].type == "response.incomplete"
    with pytest.raises(openai.BadRequestError, match="cancelled"):
        await client.responses.cancel(created.response.id)


async def test_a_fault_before_the_first_word_has_its_status(make_client: Callable[..., Any]) -> None:
    client = await make_client(ContextExceeded(900, 400, "scripted"))
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError, match="900"):
            await client.responses.create(**ASKED, stream=stream)


async def test_a_fault_in_the_middle_ends_it_as_failed(make_client: Callable[..., Any]) -> None:
    client = await make_client("half", ModelCrashed("It died.", hint="Ask again."))
    events = await told(client)
    assert events[-1].type == "response.failed" and events[-1].response.error.message == "It died. Ask again."
    assert (await client.responses.retrieve(events[0].response.id)).status == "failed"


async def test_who_leaves_stops_it(make_client: Callable[..., Any]) -> None:
    client = await make_client("half", asyncio.Event())
    stream = await client.responses.create(**ASKED, stream=True)
    await anext(aiter(stream))
    await stream.close()
    await until(lambda: client.api.backend.closed == 1)


async def test_settings_and_formats_reach_the_model(client: Any) -> None:
    shape: Any = {"type": "json_schema", "name": "x", "schema": {"type": "object"}, "strict": True}
    await client.responses.create(
        **ASKED,
        text={"format": shape},
        max_output_tokens=9,
        truncation="auto",
        reasoning={"effort": "none"},
        include=["message.output_text.logprobs"],
        top_logprobs=2,
        extra_body={"top_k": 4, "seed": 1},
    )
    settings = dict(client.api.backend.calls[0].settings)
    format_ = settings.pop("response_format")
    assert format_["json_schema"] == {"name": "x", "schema": {"type": "object"}, "strict": True}
    assert settings == {
        "max_tokens": 9,
        "reasoning": False,
        "logprobs": True,
        "top_logprobs": 2,
        "top_k": 4,
        "seed": 1,
    }


async def test_what_has_no_effect_is_named(client: Any) -> None:
    raw = await client.responses.with_raw_response.create(
        **ASKED, include=["reasoning.encrypted_content"], text={"verbosity": "low"}, service_tier="auto"
    )
    ignored = raw.headers["x-serai-ignored-fields"]
    assert ignored == "service_tier, include.reasoning.encrypted_content, text.verbosity"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": []}, "input"),
        ({"input": [{"role": "king", "content": "x"}]}, "input[0].role"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0].type"),
        ({"input": [{"role": "user", "content": [{"type": "input_file"}]}]}, "input[0].content[0]"),
        ({"background": True}, "background"),
        ({"conversation": "c"}, "conversation"),
        ({"tools": [{"type": "web_search"}]}, "tools[0]"),
        ({"tool_choice": {"type": "mcp"}}, "tool_choice"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"truncation": "some"}, "truncation"),
        ({"metadata": {"a": 1}}, "metadata"),
        ({"reasoning": {"effort": "much"}}, "reasoning.effort"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
        ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "text.format.schema"),
        ({"previous_response_id": "resp_x"}, "previous_response_id"),
    ],
)
async def test_what_cannot_be_honoured_is_refused_by_name(client: Any, fields: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.APIStatusError) as refused:
        await client.responses.create(**{**ASKED, **fields})
    assert refused.value.param == param and refused.value.status_code in (400, 404)
    assert not client.api.backend.calls


@pytest.mark.engine
async def test_a_real_model_answers_and_goes_on(real: Any) -> None:
    asked: Any = {"model": "guide", "temperature": 0, "max_output_tokens": 24}
    first = await real.responses.create(**asked, input="What is Serai?")
    assert first.output_text and first.usage.output_tokens <= 24
    asked |= {"model": "tiny", "max_output_tokens": 4}
    first = await real.responses.create(**asked, input="What is Serai?")
    again = await real.responses.create(**asked, input="And what is it for?", previous_response_id=first.id)
    assert again.usage.input_tokens > first.usage.input_tokens + 10
    cut = await real.responses.create(model="tiny", input="hi", max_output_tokens=3, temperature=0)
    assert (cut.status, cut.incomplete_details.reason) == ("incomplete", "max_output_tokens")
