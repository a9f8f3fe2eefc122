"""Every generation setting reaches llama.cpp and does something: the same question with and without it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.fakes.store import FakeStore, gguf_model

from serai.backend import collect
from serai.errors import BadRequest
from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool
from serai.tasks.text_generation import SETTINGS
from serai.types import CHAT, Call, Result

pytestmark = pytest.mark.engine
Ask = Callable[..., Any]
BASE = {"seed": 7, "temperature": 1.5, "max_tokens": 24}
GREEDY = {"temperature": 0, "max_tokens": 24}

CHANGES: dict[str, dict[str, Any]] = {
    "temperature": {"temperature": 0.1},
    "top_p": {"top_p": 0.1},
    "top_k": {"top_k": 1},
    "min_p": {"min_p": 0.9},
    "repetition_penalty": {"repetition_penalty": 5},
    "presence_penalty": {"presence_penalty": 2},
    "frequency_penalty": {"frequency_penalty": 2},
    "seed": {"seed": 8},
    "max_tokens": {"max_tokens": 3},
    "logit_bias": {"logit_bias": {"300": -100, "259": 100}},
    "grammar": {"grammar": 'root ::= "cat"'},
    "response_format": {"response_format": {"type": "json_object"}},
    "typical_p": {"typical_p": 0.05},
    "top_n_sigma": {"top_n_sigma": 0.5},
    "dynatemp_range": {"dynatemp_range": 1.4},
    "dynatemp_exponent": {"dynatemp_range": 1.4, "dynatemp_exponent": 5},
    "xtc_probability": {"xtc_probability": 1, "xtc_threshold": 0.01},
    "xtc_threshold": {"xtc_probability": 1, "xtc_threshold": 0.02},
    "mirostat": {"mirostat": 2},
    "mirostat_tau": {"mirostat": 2, "mirostat_tau": 1},
    "mirostat_eta": {"mirostat": 2, "mirostat_tau": 2, "mirostat_eta": 0.9},
    "samplers": {"top_k": 1, "samplers": ["temperature"]},
}
"""What each setting is tried with over BASE; it must say something else than without it."""

REPEATING = {
    "dry_multiplier": {"dry_multiplier": 50, "dry_allowed_length": 1},
    "dry_base": {"dry_multiplier": 0.1, "dry_allowed_length": 1, "dry_base": 8},
    "dry_allowed_length": {"dry_multiplier": 50, "dry_allowed_length": 4},
    "dry_penalty_last_n": {"dry_multiplier": 50, "dry_allowed_length": 1, "dry_penalty_last_n": 0},
    "dry_sequence_breakers": {"dry_multiplier": 50, "dry_allowed_length": 1, "dry_sequence_breakers": ["ccc"]},
    "repetition_window": {"repetition_penalty": 5, "repetition_window": 1},
}
"""These see what came before, so they are only sure to differ among each other where a text repeats itself."""

ELSEWHERE = {"system", "stop", "logprobs", "top_logprobs", "reasoning", "reasoning_budget", "lora", "ignore_eos"}
ELSEWHERE |= {"truncation"}


@pytest_asyncio.fixture
async def ask(make_pool: Callable[..., Pool], tiny: Path) -> AsyncIterator[Ask]:
    backend = LocalBackend(FakeStore(gguf_model(tiny)), make_pool())

    async def one(**settings: Any) -> Result:
        inputs = {"messages": [{"role": "user", "content": "the cat sat on the cat sat on the cat"}]}
        return await collect(backend.run(Call(task=CHAT, model="tiny", inputs=inputs, settings=settings)))

    yield one
    await backend.close()


def test_every_setting_is_tried() -> None:
    assert {setting.name for setting in SETTINGS} == CHANGES.keys() | REPEATING.keys() | ELSEWHERE


async def test_each_changes_the_answer(ask: Ask) -> None:
    plain = (await ask(**BASE)).text
    assert (await ask(**BASE)).text == plain
    same = [name for name, change in CHANGES.items() if (await ask(**{**BASE, **change})).text == plain]
    assert same == []


async def test_what_avoids_repetition_sees_what_came_before(ask: Ask) -> None:
    looped = {**GREEDY, "max_tokens": 60, "logit_bias": {"100": 90, "101": 90}}  # a and b
    said = {name: (await ask(**looped, **change)).text for name, change in REPEATING.items()}
    plain, penalised = (await ask(**looped)).text, (await ask(**looped, repetition_penalty=5)).text
    assert said["dry_multiplier"] != plain == said["dry_penalty_last_n"]
    assert len({said[name] for name in ("dry_multiplier", "dry_allowed_length")}) == 2
    assert said["repetition_window"] != penalised != plain


async def test_an_answer_goes_on_to_its_length_if_it_must(ask: Ask) -> None:
    bias = {"logit_bias": {"2": 100}}  # the end of a text
    assert (await ask(**GREEDY, **bias)).usage.completion_tokens < 5
    assert (await ask(**GREEDY, **bias, ignore_eos=True)).usage.completion_tokens == 24


async def test_a_grammar_and_a_schema_are_followed(ask: Ask) -> None:
    assert (await ask(**BASE, grammar='root ::= "cat" | "mat"')).text in ("cat", "mat")
    schema = {"type": "object", "properties": {"n": {"enum": [1, 2]}}, "required": ["n"], "additionalProperties": False}
    shape: Any = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    assert json.loads((await ask(**{**BASE, "max_tokens": 200}, response_format=shape)).text)["n"] in (1, 2)


async def test_a_grammar_that_is_none_is_the_askers_fault(ask: Ask) -> None:
    with pytest.raises(BadRequest):
        await ask(**BASE, grammar="root ::= (")


async def test_log_probabilities_come_with_their_alternatives(ask: Ask) -> None:
    result = await ask(**GREEDY, logprobs=True, top_logprobs=3)
    assert len(result.logprobs) > 5 and len(result.logprobs[0]["top_logprobs"]) == 3


async def test_an_answer_ends_at_a_stop_text(ask: Ask) -> None:
    answer = await ask(**GREEDY, grammar='root ::= "the cat sat"', stop=["dog", "cat"])
    assert (answer.text, answer.stop_text) == ("the ", "cat")
    assert (await ask(**GREEDY, grammar='root ::= "the"', stop=["dog"])).stop_text == ""
