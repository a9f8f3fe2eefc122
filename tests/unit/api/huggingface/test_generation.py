"""Text generation and chat, as InferenceClient and TGI's clients ask for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from huggingface_hub import InferenceClient
from huggingface_hub.errors import GenerationError, OverloadedError, ValidationError
from tests.unit.api.conftest import until

from serai.errors import Busy, ModelCrashed
from serai.types import Delta

TASK = "text-generation"
GREEDY = {"temperature": 0.0, "max_tokens": 100}


def entry(text: str, number: int = 7, **more: Any) -> dict[str, Any]:
    return {"id": number, "token": text, "logprob": -0.5, "bytes": list(text.encode()), "top_logprobs": [], **more}


def piece(*texts: str) -> Delta:
    return Delta(text="".join(texts), logprobs={"content": [entry(text) for text in texts]})


def events(text: str) -> list[Any]:
    return [json.loads(line[5:]) for line in text.splitlines() if line.startswith("data:")]


async def test_the_text_alone(door: Callable[..., Any]) -> None:
    at = await door(TASK)
    assert await at.ask("text_generation", "Once") == "Hello there"
    assert at.backend.calls[0].settings == GREEDY


async def test_with_the_prompt_before_it(door: Callable[..., Any]) -> None:
    at = await door(TASK)
    assert await at.ask("text_generation", "Once ", return_full_text=True) == "Once Hello there"


async def test_parameters_are_those_of_tgi(door: Callable[..., Any]) -> None:
    at = await door(TASK)
    asked = {"do_sample": True, "max_new_tokens": 5, "top_k": 4, "typical_p": 0.9, "repetition_penalty": 1.1}
    await at.ask("text_generation", "Once", seed=2**40, stop=["\n"], adapter_id="poet", frequency_penalty=0.5, **asked)
    assert at.backend.calls[0].settings == {
        "temperature": 1.0, "top_k": 4, "top_p": 1.0, "min_p": 0.0, "typical_p": 0.9, "repetition_penalty": 1.1,
        "frequency_penalty": 0.5, "max_tokens": 5, "seed": 2**40 % (2**32 - 1), "stop": ["\n"], "lora": {"poet": 1.0},
    }  # fmt: skip


async def test_a_temperature_alone_samples_as_tgi_does(door: Callable[..., Any]) -> None:
    at = await door(TASK)
    await at.post(inputs="Once", parameters={"temperature": 0.5})
    assert at.backend.calls[0].settings["temperature"] == 0.5 and at.backend.calls[0].settings["top_k"] == 0


async def test_details(door: Callable[..., Any]) -> None:
    at = await door(TASK, piece("Hel", "lo"))
    at.backend.ends = {"stop_text": "."}
    found = await at.ask("text_generation", "Once", details=True, seed=3, stop=["."])
    assert found.generated_text == "Hello"
    assert (found.details.finish_reason, found.details.seed, found.details.prefill) == ("stop_sequence", 3, [])
    assert [(token.id, token.text, token.logprob) for token in found.details.tokens] == [
        (7, "Hel", -0.5),
        (7, "lo", -0.5),
    ]
    assert at.backend.calls[0].settings["logprobs"] is True


async def test_alternatives(door: Callable[..., Any]) -> None:
    other = {"id": 8, "token": "by", "logprob": -1.0}
    step = Delta(text="hi", logprobs={"content": [entry("hi", top_logprobs=[other])]})
    at = await door(TASK, step)
    found = await at.ask("text_generation", "Once", details=True, top_n_tokens=1)
    assert found.details.top_tokens[0][0]["text"] == "by"
    assert at.backend.calls[0].settings["top_logprobs"] == 1


async def test_streamed(door: Callable[..., Any]) -> None:
    at = await door(TASK)
    assert (
        "".join(await asyncio.to_thread(lambda: list(at.client.text_generation("Once", stream=True)))) == "Hello there"
    )


async def test_streamed_with_details(door: Callable[..., Any]) -> None:
    at = await door(TASK, piece("Hel", "lo"))
    *tokens, last = await asyncio.to_thread(
        lambda: list(at.client.text_generation("Once", stream=True, details=True, return_full_text=True, seed=3))
    )
    assert [(token.index, token.token.text, token.generated_text) for token in tokens] == [
        (1, "Hel", None),
        (2, "lo", None),
    ]
    assert last.generated_text == "OnceHello" and last.token.special
    assert (last.details.finish_reason, last.details.input_length, last.details.seed) == ("eos_token", 3, 3)


async def test_the_asynchronous_client_streams(door: Callable[..., Any], asynchronous: Any) -> None:
    at = await door(TASK)
    async with asynchronous(at) as client:
        assert [text async for text in await client.text_generation("Once", stream=True)] == ["Hello", " there", ""]


async def test_stop_texts_that_lie_across_tokens_are_not_told(door: Callable[..., Any]) -> None:
    at = await door(TASK, Delta(text="Hi", logprobs={"content": [entry("Hi."), entry("\n")]}))
    found = events((await at.post("/generate_stream", inputs="Once")).text)
    assert "".join(event["token"]["text"] for event in found) == "Hi"


async def test_generate_answers_with_an_object_and_the_address_itself_with_a_list(door: Callable[..., Any]) -> None:
    at = await door(TASK)
    assert (await at.post("/generate", inputs="Once")).json() == {"generated_text": "Hello there"}
    assert (await at.post(inputs=["a", "b"])).json() == [{"generated_text": "Hello there"}] * 2


async def test_work_is_told_in_headers(door: Callable[..., Any]) -> None:
    at = await door(TASK)
    headers = (await at.post("/generate", inputs="Once", parameters={"new": 1}, odd=2)).headers
    assert (headers["x-prompt-tokens"], headers["x-generated-tokens"]) == ("3", "2")
    assert headers["x-request-id"] and headers["x-serai-ignored-fields"] == "odd, parameters.new"


@pytest.mark.parametrize(
    ("name", "value"),
    [("watermark", True), ("best_of", 2), ("decoder_input_details", True), ("temperature", 0), ("top_p", 1.5),
     ("top_k", -1), ("max_new_tokens", 0), ("seed", -1), ("seed", 1.5), ("stop", 3), ("details", "yes"),
     ("top_n_tokens", 21), ("grammar", {"type": "regex", "value": "a+"}), ("grammar", {"type": "json", "value": 1}),
     ("temperature", float("1e9")), ("truncate", 0), ("do_sample", 1)],
)  # fmt: skip
async def test_what_does_not_fit_is_named(door: Callable[..., Any], name: str, value: Any) -> None:
    at = await door(TASK)
    assert name in (await at.error(inputs="Once", parameters={name: value}))["error"]
    assert at.backend.calls == []


@pytest.mark.parametrize("body", [{}, {"inputs": ""}, {"inputs": 3}, {"inputs": []}, {"inputs": "x", "parameters": []},
                                  {"inputs": "x", "stream": "yes"}, {"messages": []}, {"inputs": [""]}])  # fmt: skip
async def test_bodies_that_are_none(door: Callable[..., Any], body: dict[str, Any]) -> None:
    at = await door(TASK)
    await at.error(**body)


async def test_a_body_that_is_no_json(door: Callable[..., Any]) -> None:
    at = await door(TASK)
    refused = await at.api.post("/hf/models/org/model", content=b"Once upon")
    assert refused.status_code == 422 and "not JSON" in refused.json()["error"]


async def test_a_grammar_is_a_schema(door: Callable[..., Any]) -> None:
    at = await door(TASK)
    await at.ask("text_generation", "Once", grammar={"type": "json", "value": {"type": "object"}})
    assert at.backend.calls[0].settings["response_format"]["json_schema"]["schema"] == {"type": "object"}


def token(number: int, text: str) -> dict[str, Any]:
    return {"id": number, "text": text, "bytes": list(text.encode())}


async def test_a_prompt_is_cut_where_that_is_asked_for(door: Callable[..., Any]) -> None:
    at = await door(TASK, Delta(data=[token(1, "<s>"), token(2, "Once"), token(3, " upon")], text="Hi"))
    whole = await at.post("/generate", inputs="Once upon", parameters={"truncate": 3})
    assert at.backend.calls[-1].inputs == {"inputs": "Once upon"} and "x-serai-truncated" not in whole.headers
    cut = await at.post("/generate", inputs="Once upon", parameters={"truncate": 2, "return_full_text": True})
    assert at.backend.calls[-1].inputs == {"inputs": [2, 3]}
    assert cut.headers["x-serai-truncated"] == "2 of 3 tokens"
    assert cut.json()["generated_text"] == "Once uponHi"


async def test_tokens_and_where_they_stand(door: Callable[..., Any]) -> None:
    half = {"id": 5, "text": "\ufffd", "bytes": [0xC3]}
    rest = {"id": 6, "text": "\ufffd", "bytes": [0xA4]}
    at = await door(TASK, Delta(data=[token(1, "<s>"), token(2, " Sch"), half, rest, token(4, "fer")]))
    told = (await at.post("/tokenize", inputs="Schäfer")).json()
    assert [(one["id"], one["start"], one["stop"]) for one in told] == [
        (1, 0, 0),
        (2, 0, 3),
        (5, 3, 3),
        (6, 3, 4),
        (4, 4, 7),
    ]
    for verb in ("decode", "chat_tokenize"):
        assert (await at.post(f"/{verb}", inputs="x")).status_code == 501


@pytest.mark.parametrize(
    ("fault", "raised"),
    [(Busy("All places are taken.", retry_after=7), OverloadedError), (ModelCrashed("It died."), GenerationError)],
)
async def test_faults_are_those_that_the_client_knows(
    door: Callable[..., Any], fault: Exception, raised: type[Exception]
) -> None:
    at = await door(TASK, fault)
    with pytest.raises(raised):
        await at.ask("text_generation", "Once")


async def test_a_parameter_that_does_not_fit_is_a_validation_error(door: Callable[..., Any]) -> None:
    at = await door(TASK)
    with pytest.raises(ValidationError, match="watermark"):
        await at.ask("text_generation", "Once", watermark=True)


async def test_a_stream_that_breaks_off_says_so(door: Callable[..., Any]) -> None:
    at = await door(TASK, "Hello", ModelCrashed("It died."))
    with pytest.raises(GenerationError, match="It died"):
        await asyncio.to_thread(lambda: list(at.client.text_generation("Once", stream=True)))


async def test_a_client_that_goes_away_ends_the_call(door: Callable[..., Any]) -> None:
    at = await door(TASK, "Hello", asyncio.Event())
    async with at.api.stream("POST", "/hf/models/org/model/generate_stream", json={"inputs": "Once"}) as response:
        async for _ in response.aiter_bytes():
            break
    await until(lambda: at.backend.closed)


async def test_chats(door: Callable[..., Any]) -> None:
    at = await door(TASK)
    found = await at.ask("chat_completion", [{"role": "user", "content": "hi"}], max_tokens=5)
    assert found.choices[0].message.content == "Hello there"
    assert at.backend.calls[0].model == "org/model" and at.backend.calls[0].settings == {"max_tokens": 5}


async def test_chats_streamed_by_the_clients_other_name(door: Callable[..., Any]) -> None:
    at = await door(TASK)
    client = InferenceClient(base_url=at.url, api_key="any")
    asked = {"messages": [{"role": "user", "content": "hi"}], "stream": True}
    found = await asyncio.to_thread(lambda: list(client.chat.completions.create(**asked)))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in found) == "Hello there"


async def test_a_chat_in_the_form_of_a_schema(door: Callable[..., Any]) -> None:
    at = await door(TASK)
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    await at.ask("chat_completion", [{"role": "user", "content": "hi"}], response_format=form)
    assert at.backend.calls[0].settings["response_format"]["json_schema"]["schema"] == schema


async def test_a_chat_that_breaks_off_says_so(door: Callable[..., Any]) -> None:
    at = await door(TASK, "Hello", ModelCrashed("It died."))
    asked = [{"role": "user", "content": "hi"}]
    with pytest.raises(GenerationError, match="It died"):
        await asyncio.to_thread(lambda: list(at.client.chat_completion(asked, stream=True)))


async def test_completions_and_embeddings_below_the_address(door: Callable[..., Any]) -> None:
    at = await door(TASK)
    told = (await at.post("/v1/completions", prompt="Once", model="another")).json()
    assert told["choices"][0]["text"] == "Hello there" and told["model"] == "org/model"
    vectors = await door("feature-extraction", Delta(data=[[0.6, 0.8]]), name="vectors")
    told = (await vectors.post("/v1/embeddings", input="Once", model="tei")).json()
    assert told["data"][0]["embedding"] == [0.6, 0.8]
    await vectors.error("/v1/embeddings", input=3)
