"""/v1/completions by the official client."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from tests.fakes import tiny_gguf
from tests.fakes.store import FakeStore, gguf_model

from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool
from serai.types import Delta

GREEDY: Any = {"temperature": 0, "max_tokens": 6}


async def test_a_text_goes_on(client: Any) -> None:
    answer = await client.completions.create(model="scripted", prompt="Once", seed=1)
    assert (answer.object, answer.choices[0].text, answer.choices[0].finish_reason) == (
        "text_completion",
        "Hello there",
        "stop",
    )
    call = client.api.backend.calls[0]
    assert (call.task, call.inputs, call.settings) == (
        "text-generation",
        {"inputs": "Once"},
        {"seed": 1, "max_tokens": 16},
    )


async def test_several_prompts_and_several_answers(client: Any) -> None:
    answer = await client.completions.create(model="scripted", prompt=["a", "b"], n=2, echo=True)
    assert [choice.text for choice in answer.choices] == ["aHello there"] * 2 + ["bHello there"] * 2
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (6, 8)


async def test_streams_are_told_apart_by_index(client: Any) -> None:
    asked: Any = {"model": "scripted", "prompt": ["a", "b"], "stream": True, "echo": True}
    stream = await client.completions.create(**asked, stream_options={"include_usage": True})
    *chunks, last = [chunk async for chunk in stream]
    texts = ["", ""]
    for chunk in chunks:
        texts[chunk.choices[0].index] += chunk.choices[0].text
    assert texts == ["aHello there", "bHello there"]
    assert last.choices == [] and last.usage.prompt_tokens == 6
    assert [chunk.choices[0].finish_reason for chunk in chunks].count("stop") == 2


async def test_log_probabilities_in_the_older_shape(make_client: Callable[..., Any]) -> None:
    def entry(text: bytes, value: float) -> dict[str, Any]:
        top = [{"token": "x", "logprob": -3.0, "bytes": [120]}]
        token = text.decode("utf-8", "replace")
        return {"token": token, "logprob": value, "bytes": list(text), "top_logprobs": top}

    cat = "🐈".encode()
    parts = [entry(b"a", -1.0), entry(cat[:2], -0.5), entry(cat[2:], -0.25), entry(b"b", -2.0)]
    client = await make_client(Delta(text="a🐈b", logprobs={"content": parts}))
    found = (await client.completions.create(model="scripted", prompt="p", logprobs=1)).choices[0].logprobs
    assert (found.text_offset, found.token_logprobs) == ([0, 1, 1, 2], [-1.0, -0.5, -0.25, -2.0])
    assert found.top_logprobs[0] == {"x": -3.0, "a": -1.0} and found.tokens[0] == "a"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"prompt": None}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": ["a", 1]}, "prompt[1]"),
        ({"prompt": ["a"] * 129}, "prompt"),
        ({"best_of": 3}, "best_of"),
        ({"logprobs": 21}, "logprobs"),
        ({"logprobs": True}, "logprobs"),
        ({"echo": True, "logprobs": 1}, "echo"),
        ({"echo": True, "prompt": [1, 2]}, "echo"),
        ({"suffix": "x", "prompt": [1, 2]}, "suffix"),
        ({"max_tokens": 0}, "max_tokens"),
    ],
)
async def test_what_cannot_be_honoured_is_refused_by_name(client: Any, fields: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        await client.completions.create(**{"model": "scripted", "prompt": "x", **fields})
    assert refused.value.param == param and not client.api.backend.calls


@pytest.mark.engine
async def test_a_real_model_goes_on_from_texts_and_from_tokens(real: Any) -> None:
    asked: Any = {"model": "tiny", **GREEDY}
    by_text = await real.completions.create(**{**asked, "model": "guide"}, prompt="How do I", logprobs=2)
    shown = by_text.choices[0]
    assert "".join(shown.logprobs.tokens) == shown.text and len(shown.logprobs.tokens) == 6
    assert all(len(top) in (2, 3) for top in shown.logprobs.top_logprobs)
    assert by_text.choices[0].finish_reason == "length" and by_text.usage.completion_tokens == 6
    by_tokens = await real.completions.create(**asked, prompt=[1, 260, 262])
    assert by_tokens.usage.prompt_tokens == 3
    with pytest.raises(openai.BadRequestError, match="token"):
        await real.completions.create(**asked, prompt=[1_000_000])
    with pytest.raises(openai.BadRequestError, match="no tokens for that") as refused:
        await real.completions.create(**asked, prompt="def f(", suffix="return 1")
    assert refused.value.param == "suffix"


@pytest.mark.engine
async def test_a_gap_is_filled_where_the_model_has_marks(
    real: Any, make_pool: Callable[..., Pool], tmp_path: Path
) -> None:
    marks = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
    coder = gguf_model(tiny_gguf.write(tmp_path / "coder.gguf", marks=marks), "coder")
    real.api.services.router.backends.append(LocalBackend(FakeStore(coder), make_pool()))
    asked: Any = {"model": "coder", **GREEDY}
    filled = await real.completions.create(**asked, prompt="the cat", suffix="mat", stop=["<"])
    prompt = "<|fim_prefix|>the cat<|fim_suffix|>mat<|fim_middle|>"
    by_hand = await real.completions.create(**asked, prompt=prompt, stop=["<"])
    assert filled.choices[0].text == by_hand.choices[0].text
    assert filled.usage.prompt_tokens == by_hand.usage.prompt_tokens < 20
