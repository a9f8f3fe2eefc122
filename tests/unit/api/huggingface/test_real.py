"""The same with models that really answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

pytestmark = pytest.mark.engine


async def test_greedy_answers_are_the_same_whole_and_streamed(real: Callable[[str], Any]) -> None:
    at = real("guide")
    whole = await at.ask("text_generation", "What is Serai?", max_new_tokens=12, details=True)
    pieces = await asyncio.to_thread(
        lambda: list(at.client.text_generation("What is Serai?", max_new_tokens=12, stream=True, details=True))
    )
    assert "".join(piece.token.text for piece in pieces) == whole.generated_text == pieces[-1].generated_text
    tokens = [token.id for token in whole.details.tokens]
    assert tokens == [piece.token.id for piece in pieces[:-1]] and any(tokens)
    assert whole.details.generated_tokens == pieces[-1].details.generated_tokens == len(tokens)
    assert "".join(token.text for token in whole.details.tokens) == whole.generated_text


async def test_how_an_answer_ended(real: Callable[[str], Any]) -> None:
    at = real("tiny")
    cut = await at.ask("text_generation", "Once", max_new_tokens=3, details=True)
    assert (cut.details.finish_reason, cut.details.generated_tokens) == ("length", 3)
    first, second = cut.details.tokens[:2]
    stopped = await at.ask("text_generation", "Once", max_new_tokens=9, details=True, stop=[second.text])
    assert (stopped.details.finish_reason, stopped.generated_text) == ("stop_sequence", first.text)


async def test_the_same_seed_gives_the_same_text(real: Callable[[str], Any]) -> None:
    at = real("tiny")
    asked = {"max_new_tokens": 8, "do_sample": True, "temperature": 2.0}
    texts = [await at.ask("text_generation", "Once", seed=seed, **asked) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


async def test_an_answer_in_the_form_of_a_schema(real: Callable[[str], Any]) -> None:
    at = real("guide")
    schema = {"type": "object", "properties": {"a": {"enum": [1]}}, "required": ["a"], "additionalProperties": False}
    text = await at.ask("text_generation", "Once", grammar={"type": "json", "value": schema}, max_new_tokens=60)
    assert text.replace(" ", "").replace("\n", "").startswith('{"a":1')


async def test_a_prompt_is_cut_to_its_last_tokens(real: Callable[[str], Any]) -> None:
    at = real("guide")
    prompt = "Grüße, کاروان‌سرا 🐪 and on"
    told = (await at.post("/tokenize", inputs=prompt)).json()
    assert told[-1]["stop"] == len(prompt) and len(told) > 3
    assert all(before["stop"] == after["start"] for before, after in pairwise(told))
    answer = await at.post("/generate", inputs=prompt, parameters={"truncate": 3, "details": True})
    assert answer.headers["x-serai-truncated"] == f"3 of {len(told)} tokens"
    assert answer.headers["x-prompt-tokens"] == "3"


async def test_chats(real: Callable[[str], Any]) -> None:
    at = real("guide")
    found = await at.ask("chat_completion", [{"role": "user", "content": "What is Serai?"}], max_tokens=20)
    assert found.choices[0].message.content and found.usage.prompt_tokens > 3


async def test_what_the_engine_cannot_do_is_said(real: Callable[[str], Any]) -> None:
    refused = await real("guide").error("/embed", inputs="x")
    assert "feature-extraction" in refused["error"]
