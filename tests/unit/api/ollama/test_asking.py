"""Ollama's chat, generate and embeddings over a scripted model: the official client, and the bytes it does not see."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable
from typing import Any

import ollama
import pytest
from tests.fakes import pictures
from tests.unit.api.clients import for_ollama
from tests.unit.api.conftest import Api, until

from serai.errors import Busy, ContextExceeded, ModelCrashed
from serai.types import FEATURE_EXTRACTION, Delta, Model, Usage

Make = Callable[..., Awaitable[Api]]
HI: Any = {"model": "scripted", "messages": [{"role": "user", "content": "hi"}]}
ASK: Any = {"model": "scripted", "prompt": "hi"}
TOOL: Any = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def part(index: int = 0, name: str = "", arguments: str = "", call: str = "") -> Delta:
    function = {"name": name, "arguments": arguments} if name else {"arguments": arguments}
    return Delta(tool_calls=[{"index": index, "function": function, **({"id": call} if call else {})}])


async def test_a_chat_whole_and_in_pieces(make_server: Make) -> None:
    client = for_ollama(await make_server())
    answer = await client.chat(**HI)
    assert (answer.message.content, answer.message.role, answer.done, answer.done_reason) == (
        "Hello there",
        "assistant",
        True,
        "stop",
    )
    assert (answer.model, answer.prompt_eval_count, answer.eval_count) == ("scripted", 3, 2)
    pieces = [piece async for piece in await client.chat(**HI, stream=True)]
    assert [(piece.message.content, piece.done) for piece in pieces] == [
        ("Hello", False),
        (" there", False),
        ("", True),
    ]
    assert all(isinstance(getattr(pieces[-1], name), int) for name in ("total_duration", "load_duration"))
    assert pieces[-1].total_duration > 0 and pieces[-1].eval_duration >= 0


async def test_a_prompt_whole_and_in_pieces(make_server: Make) -> None:
    api = await make_server()
    client = for_ollama(api)
    answer = await client.generate(**ASK, system="Be brief.")
    assert (answer.response, answer.done_reason) == ("Hello there", "stop")
    assert [message["role"] for message in api.backend.calls[0].inputs["messages"]] == ["system", "user"]
    pieces = [piece async for piece in await client.generate(**ASK, stream=True)]
    assert [(piece.response, piece.done) for piece in pieces] == [("Hello", False), (" there", False), ("", True)]


async def test_streaming_is_what_a_body_means_that_says_nothing(api: Api) -> None:
    response = await api.post("/api/chat", json=HI)
    assert response.headers["content-type"] == "application/x-ndjson"
    first, *_, last = lines(response.text)
    assert set(first) == {"model", "created_at", "message", "done"} and first["created_at"].endswith("Z")
    assert last["message"] == {"role": "assistant", "content": ""} and last["serai"]["answerer"]["backend"]
    assert set(lines((await api.post("/api/generate", json=ASK)).text)[0]) == {
        "model",
        "created_at",
        "response",
        "done",
    }


async def test_thoughts_tools_and_probabilities(make_server: Make) -> None:
    probability = {"token": "x", "logprob": -0.5, "bytes": [120], "top_logprobs": []}
    script = [Delta(reasoning="hm"), Delta(text="x", logprobs={"content": [probability]})]
    script += [part(0, "look", "", "c1"), part(0, arguments='{"at": "گربه"}'), part(1, "look", "{}", "c2")]
    client = for_ollama(await make_server(*script))
    asked = {**HI, "tools": [TOOL], "think": True, "logprobs": True, "top_logprobs": 2}
    whole = await client.chat(**asked)
    assert (whole.message.thinking, whole.message.content, whole.logprobs[0].logprob) == ("hm", "x", -0.5)
    assert [call.function.arguments for call in whole.message.tool_calls] == [{"at": "گربه"}, {}]
    pieces = [piece async for piece in await client.chat(**asked, stream=True)]
    assert [piece.message.thinking for piece in pieces][:1] == ["hm"] and pieces[1].logprobs[0].token == "x"
    assert [call.function.name for call in pieces[2].message.tool_calls] == ["look", "look"]
    assert pieces[-1].done and not pieces[-1].message.tool_calls


async def test_settings_and_wishes_reach_the_model(make_server: Make) -> None:
    api = await make_server()
    options = {
        "temperature": 0.5,
        "num_predict": 9,
        "repeat_penalty": 1.1,
        "stop": ["X"],
        "seed": 7,
        "num_ctx": 4096,
        "num_gpu": -1,
        "num_keep": 4,
        "repeat_last_n": -1,
    }
    response = await api.post("/api/chat", json={**HI, "options": options, "format": "json", "think": "high", "x": 1})
    call = api.backend.calls[0]
    assert call.settings == {
        "temperature": 0.5,
        "max_tokens": 9,
        "repetition_penalty": 1.1,
        "stop": ["X"],
        "seed": 7,
        "repetition_window": 1_000_000,
        "response_format": {"type": "json_object"},
        "reasoning": True,
    }
    assert call.loading == {"context": 4096}
    assert response.headers["x-serai-ignored-fields"] == "x, think, options.num_keep"


async def test_a_schema_reaches_the_model(make_server: Make) -> None:
    api = await make_server()
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    await for_ollama(api).chat(**HI, format=schema)
    assert api.backend.calls[0].settings["response_format"]["json_schema"]["schema"] == schema


async def test_a_raw_prompt_is_gone_on_with(make_server: Make) -> None:
    api = await make_server()
    await for_ollama(api).generate(**ASK, raw=True)
    await for_ollama(api).generate(**ASK, suffix="the end")
    first, second = api.backend.calls
    assert (first.task, first.inputs) == ("text-generation", {"inputs": "hi"})
    assert second.inputs == {"inputs": "hi", "suffix": "the end"}


async def test_pictures_are_told_by_their_first_bytes(make_server: Make) -> None:
    api = await make_server()
    picture = ollama.Image(value=pictures.png())
    await for_ollama(api).generate(**ASK, images=[picture])
    await for_ollama(api).chat("scripted", [{"role": "user", "content": "what?", "images": [pictures.png()]}])
    for call in api.backend.calls:
        parts = call.inputs["messages"][0]["content"]
        assert [one["type"] for one in parts] == ["text", "image_url"]
        assert parts[1]["image_url"]["url"].startswith("data:image/png;base64,iVBOR")


async def test_a_conversation_with_tools_is_told_with_ids(make_server: Make) -> None:
    api = await make_server()
    calls = [{"function": {"name": name, "arguments": {"n": 1}}} for name in ("a", "b", "a")]
    messages = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": "", "thinking": "hm", "tool_calls": calls},
        {"role": "tool", "content": "of b", "tool_name": "b"},
        {"role": "tool", "content": "of a"},
        {"role": "tool", "content": "of the other a", "tool_name": "a"},
    ]
    await for_ollama(api).chat("scripted", messages)
    _, answer, *results = api.backend.calls[0].inputs["messages"]
    ids = [call["id"] for call in answer["tool_calls"]]
    assert len(set(ids)) == 3 and answer["reasoning_content"] == "hm" and answer["content"] is None
    assert [result["tool_call_id"] for result in results] == [ids[1], ids[0], ids[2]]
    assert [result["name"] for result in results] == ["b", "a", "a"]


NAMES = ["scripted", "scripted:latest", "SCRIPTED:latest", "hf.co/scripted", "library/scripted:latest"]


@pytest.mark.parametrize("name", NAMES)
async def test_a_name_is_meant_whatever_its_tag(make_server: Make, name: str) -> None:
    api = await make_server()
    assert (await for_ollama(api).chat(name, HI["messages"])).model == name
    assert api.backend.calls[0].model == "scripted"


async def test_an_empty_request_loads_and_zero_unloads(make_server: Make) -> None:
    api = await make_server()
    client = for_ollama(api)
    loaded = await client.generate("scripted", keep_alive="5m")
    assert (loaded.response, loaded.done, loaded.done_reason) == ("", True, "load")
    assert (api.services.pool.status("scripted").state, api.services.pool.idle["scripted"]) == ("ready", 300)
    gone = await client.chat("scripted", [], keep_alive=0)
    assert (gone.message.content, gone.done_reason) == ("", "unload")
    assert api.services.pool.status("scripted").state == "on_disk" and not api.backend.calls


async def test_how_long_a_model_stays_is_said_with_a_call(make_server: Make) -> None:
    api = await make_server()
    client = for_ollama(api)
    await client.chat("scripted", [], keep_alive="1h")
    await client.chat(**HI, keep_alive=-1)
    assert api.services.pool.idle["scripted"] == math.inf
    assert [piece async for piece in await client.chat(**HI, keep_alive=0, stream=True)][-1].done
    assert api.services.pool.status("scripted").state == "on_disk"


ERRORS = [
    ("/api/chat", {"model": 3}, "model"),
    ("/api/chat", {"messages": [{"role": "narrator"}]}, "role"),
    ("/api/chat", {"messages": "x"}, "messages"),
    ("/api/chat", {"messages": [{"role": "user", "content": "x", "images": ["!"]}]}, "base64"),
    ("/api/chat", {"tools": [{"name": "x"}]}, "tools[0]"),
    ("/api/chat", {"options": {"temperature": "hot"}}, "options.temperature"),
    ("/api/chat", {"options": {"num_ctx": 1}}, "options.num_ctx"),
    ("/api/chat", {"options": []}, "options"),
    ("/api/chat", {"format": "yaml"}, "format"),
    ("/api/chat", {"think": "much"}, "think"),
    ("/api/chat", {"keep_alive": "soon"}, "keep_alive"),
    ("/api/chat", {"stream": "yes"}, "stream"),
    ("/api/generate", {"template": "{{ .Prompt }}"}, "template"),
    ("/api/generate", {"context": [1, 2]}, "context"),
    ("/api/generate", {"raw": True, "system": "x"}, "raw"),
    ("/api/generate", {"width": 64}, "width"),
    ("/api/generate", {"prompt": 3}, "prompt"),
    ("/api/embed", {"input": [3]}, "input"),
    ("/api/embed", {"input": "x", "dimensions": 0.5}, "dimensions"),
]


@pytest.mark.parametrize(("path", "wrong", "named"), ERRORS)
async def test_what_does_not_fit_is_refused_by_name(api: Api, path: str, wrong: Any, named: str) -> None:
    body = {**HI, **wrong} if path == "/api/chat" else {**ASK, **wrong}
    response = await api.post(path, json=body)
    assert response.status_code == 400 and named in response.json()["error"]
    assert not api.backend.calls


async def test_errors_have_their_status_and_words(make_api: Make) -> None:
    unknown = await (await make_api()).post("/api/chat", json={**HI, "model": "other"})
    assert unknown.status_code == 404 and "no model called 'other'" in unknown.json()["error"]
    for error, status in ((ContextExceeded(900, 512, "m"), 400), (Busy("later", retry_after=7), 503)):
        response = await (await make_api(error)).post("/api/chat", json=HI)
        assert response.status_code == status and response.json()["serai"]["code"] == error.code


async def test_the_client_raises_its_own_error(make_server: Make) -> None:
    with pytest.raises(ollama.ResponseError, match="no model called") as caught:
        await for_ollama(await make_server()).chat("other", HI["messages"])
    assert caught.value.status_code == 404


async def test_an_error_in_the_middle_is_a_line(make_server: Make) -> None:
    stream = await for_ollama(await make_server("Half", ModelCrashed("The process died."))).chat(**HI, stream=True)
    assert (await anext(stream)).message.content == "Half"
    with pytest.raises(ollama.ResponseError, match="The process died"):
        await anext(stream)


async def test_leaving_stops_the_model(make_server: Make) -> None:
    api = await make_server("a", asyncio.Event())
    stream = await for_ollama(api).chat(**HI, stream=True)
    await anext(stream)
    await stream.aclose()
    await until(lambda: api.backend.closed == 1)


EMBEDS = Model(name="embeds", task=FEATURE_EXTRACTION)


@pytest.fixture
async def embeds(make_server: Make) -> Api:
    api = await make_server(Delta(data=[[0.6, 0.8, 0.0], [1.0, 0.0, 0.0]]))
    api.backend._models.append(EMBEDS)
    api.services.store.known["embeds"] = EMBEDS
    api.backend.ends = {"usage": Usage(prompt_tokens=5)}
    return api


async def test_embeddings_of_many_texts(embeds: Api) -> None:
    client = for_ollama(embeds)
    answer = await client.embed("embeds", ["a", "b"], keep_alive="1m")
    assert (answer.embeddings, answer.prompt_eval_count) == ([[0.6, 0.8, 0.0], [1.0, 0.0, 0.0]], 5)
    assert answer.total_duration >= 0 and answer.load_duration == 0
    short = await client.embed("embeds", ["a", "b"], dimensions=1)
    assert short.embeddings == [[1.0], [1.0]]
    assert (await client.embed("embeds", [])).embeddings == []


async def test_the_older_call_gives_one(embeds: Api) -> None:
    assert (await for_ollama(embeds).embeddings("embeds", "a")).embedding == [0.6, 0.8, 0.0]
    assert (await for_ollama(embeds).embeddings("embeds", "")).embedding == []
