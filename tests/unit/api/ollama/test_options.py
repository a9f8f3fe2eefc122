"""Ollama's options, times, names and Modelfiles."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from serai.api.ollama import messages, modelfile, names, options, request
from serai.errors import BadRequest
from serai.types import OWNER, Model

TIMES = [
    (None, None),
    (0, 0),
    (-1, math.inf),
    (90, 90),
    (1.5, 1.5),
    ("0", 0),
    ("-1", math.inf),
    ("5m", 300),
    ("1h30m", 5400),
    ("1.5h", 5400),
    ("300ms", 0.3),
    ("-1m", math.inf),
    ("24h", 86400),
]


@pytest.mark.parametrize(("said", "seconds"), TIMES)
def test_times(said: Any, seconds: float | None) -> None:
    assert options.keep_alive(said) == (seconds if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize("said", ["soon", "5", "5 m", "m5", True, math.nan, [], "5mx"])
def test_what_is_no_time(said: Any) -> None:
    if said == "5":
        assert options.keep_alive(said) == 5
        return
    with pytest.raises(BadRequest, match="keep_alive"):
        options.keep_alive(said)


def test_numbers_that_mean_as_it_comes() -> None:
    assert options.read({"num_predict": -1, "seed": -1, "num_gpu": -1, "temperature": None}) == ({}, {}, [])


def test_settings_have_their_words_back() -> None:
    asked = {"temperature": 0.5, "num_predict": 9, "stop": ["a"], "num_ctx": 512, "repeat_penalty": 1.5}
    made = options.read(asked)
    assert dict(options.words(made.settings, made.loading)) == asked


KNOWN = ["serai-guide", "ollama/llama3.2:3b", "ollama/phi:latest", "org/Name:Q4_K_M"]
MEANT = [
    ("serai-guide", "serai-guide"),
    ("serai-guide:latest", "serai-guide"),
    ("llama3.2:3b", "ollama/llama3.2:3b"),
    ("phi", "ollama/phi:latest"),
    ("phi:latest", "ollama/phi:latest"),
    ("org/name:q4_k_m", "org/Name:Q4_K_M"),
    ("other:7b", "other:7b"),
]


@pytest.mark.parametrize(("said", "name"), MEANT)
def test_names(said: str, name: str) -> None:
    assert names.meant(said, KNOWN) == name


def test_every_name_is_shown_with_a_tag() -> None:
    assert [names.shown(name) for name in ("a", "a:b", "o/a")] == ["a:latest", "a:b", "o/a:latest"]


MODELFILE = '''# A pirate.
FROM llama3.2
PARAMETER temperature 0.5
PARAMETER stop "<|end|>"
PARAMETER stop AI:
parameter num_ctx 4096
SYSTEM """You are a pirate.
Say "arr".
"""
MESSAGE user Is Toronto in Canada?
LICENSE "MIT"
'''


def test_a_modelfile_is_read() -> None:
    made = modelfile.read(MODELFILE)
    assert (made["from"], made["system"]) == ("llama3.2", 'You are a pirate.\nSay "arr".\n')
    assert made["parameters"] == {"temperature": 0.5, "stop": ["<|end|>", "AI:"], "num_ctx": 4096}
    assert made["messages"] == [{"role": "user", "content": "Is Toronto in Canada?"}] and made["license"] == "MIT"


@pytest.mark.parametrize("text", ["", "SYSTEM x", 'FROM a\nSYSTEM """x', "FROM a\nRUN x", "hello"])
def test_what_is_no_modelfile_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        modelfile.read(text)


WORDS = some.text(some.characters(exclude_characters='"', exclude_categories=["Cs"]), max_size=30)
SETTINGS = some.fixed_dictionaries(
    {},
    optional={
        "temperature": some.floats(0, 2),
        "max_tokens": some.integers(1, 1000),
        "top_k": some.integers(0, 100),
        "stop": some.lists(WORDS.filter(bool), min_size=1, max_size=3),
        "system": WORDS.filter(bool),
    },
)


@given(SETTINGS, some.integers(256, 1 << 20))
@settings(max_examples=200, deadline=None)
def test_a_model_survives_its_modelfile(known: dict[str, Any], context: int) -> None:
    model = Model(name="org/m:Q4", task="text-generation", settings=known, loading={"context": context})
    made = modelfile.read(modelfile.write(model, "{{ a }}\n{% b %}"))
    back = options.read(made["parameters"])
    system = {"system": made["system"]} if "system" in made else {}
    assert (made["from"], made["template"]) == ("org/m:Q4", "{{ a }}\n{% b %}")
    assert (back.settings | system, back.loading, back.ignored) == (known, {"context": context}, [])


NAME = some.from_regex(r"[a-z_]{1,9}", fullmatch=True)
CALLS = some.lists(
    some.builds(
        lambda n, a: {"function": {"name": n, "arguments": a}},
        NAME,
        some.dictionaries(NAME, some.integers(-(2**53), 2**53)),
    ),
    max_size=3,
)


@given(some.lists(some.tuples(WORDS, CALLS), min_size=1, max_size=3))
@settings(max_examples=150, deadline=None)
def test_what_was_said_and_called_survives(turns: list[tuple[str, list[dict[str, Any]]]]) -> None:
    import orjson

    said = [{"role": "assistant", "content": text, "tool_calls": calls} for text, calls in turns]
    said += [{"role": "tool", "content": "r", "tool_name": c["function"]["name"]} for _, calls in turns for c in calls]
    made = messages.read(said)
    for (text, calls), message in zip(turns, made, strict=False):
        found = [call["function"] for call in message.get("tool_calls", ())]
        back = [{"function": {**one, "arguments": orjson.loads(one["arguments"])}} for one in found]
        assert (message["content"] or "", back) == (text, calls)
    wanted = [call["id"] for message in made for call in message.get("tool_calls", ())]
    assert sorted(m["tool_call_id"] for m in made if m["role"] == "tool") == sorted(wanted)


JSON = some.recursive(
    some.none() | some.booleans() | some.floats() | some.text(max_size=8),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("model", "messages", "tools", "options", "format", "think", "keep_alive", "prompt", "images", "logprobs")


@given(some.dictionaries(some.sampled_from(FIELDS), JSON))
@settings(max_examples=300, deadline=None)
def test_whatever_comes_is_a_call_or_a_bad_request(body: dict[str, Any]) -> None:
    for read in (request.chat, request.generate):
        with contextlib.suppress(BadRequest):
            read({"model": "m", **body}, OWNER)
