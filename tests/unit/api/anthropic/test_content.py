"""Anthropic's messages and tools to the neutral ones."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from serai.api.anthropic import content, request, tools
from serai.errors import BadRequest
from serai.types import OWNER

USE = {"type": "tool_use", "id": "t1", "name": "look", "input": {"at": "گربه"}}
PIXEL = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}


def read(*messages: Any) -> list[dict[str, Any]]:
    return content.read([*messages], [])


def user(*blocks: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}


def test_text_comes_in_one_piece() -> None:
    assert read(user(text("one"), text("two"))) == [{"role": "user", "content": "one\ntwo"}]


def test_turns_of_one_role_are_one_turn() -> None:
    said = read({"role": "user", "content": "a"}, user(text("b")), {"role": "assistant", "content": "c"})
    assert said == [{"role": "user", "content": "a\nb"}, {"role": "assistant", "content": "c"}]


def test_pictures_keep_their_place() -> None:
    web = {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}}
    (said,) = read(user(text("a"), PIXEL, web))
    urls = [part.get("image_url", {}).get("url") for part in said["content"]]
    assert urls == [None, "data:image/png;base64,AAAA", "https://x/y.png"]


def test_calls_and_their_results() -> None:
    done = {"type": "tool_result", "tool_use_id": "t1", "content": [text("a cat")]}
    failed = {"type": "tool_result", "tool_use_id": "t2", "content": "no", "is_error": True}
    said = read(user(text("look")), {"role": "assistant", "content": [USE]}, user(done, failed, text("go on")))
    assert [message["role"] for message in said] == ["user", "assistant", "tool", "tool", "user"]
    call = said[1]["tool_calls"][0]
    assert (call["id"], json.loads(call["function"]["arguments"]), said[1]["content"]) == ("t1", USE["input"], None)
    assert said[2] == {"role": "tool", "tool_call_id": "t1", "content": "a cat", "name": "look"}
    assert said[3] == {"role": "tool", "tool_call_id": "t2", "content": "Error:\nno"}


def test_thoughts_go_in_again_and_sealed_ones_are_named() -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "s"}
    ignored: list[str] = []
    said = content.read(
        [{"role": "assistant", "content": [thought, {"type": "redacted_thinking"}, text("a")]}], ignored
    )
    assert said == [{"role": "assistant", "content": "a", "reasoning_content": "hm"}]
    assert ignored == ["messages.0.content.1"]


def test_the_system_prompt_is_one_text_without_the_clients_own_header() -> None:
    billing = text("x-anthropic-billing-header: cc_version=2; cch=ab12;")
    assert content.system([billing, text("Be brief."), text("Be kind.")]) == [
        {"role": "system", "content": "Be brief.\n\nBe kind."}
    ]
    assert content.system("") == [] == content.system([])


CHOICES = [
    ({"type": "auto"}, "auto", True),
    ({"type": "any", "disable_parallel_tool_use": True}, "required", False),
    ({"type": "none"}, "none", True),
    ({"type": "tool", "name": "look"}, {"type": "function", "function": {"name": "look"}}, True),
]


@pytest.mark.parametrize(("choice", "neutral", "parallel"), CHOICES)
def test_the_choice_of_tools(choice: Any, neutral: Any, parallel: bool) -> None:
    tool = {"name": "look", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral"}}
    asked = tools.read({"tools": [tool], "tool_choice": choice})
    assert (asked["tool_choice"], asked["parallel_tool_calls"]) == (neutral, parallel)
    assert asked["tools"] == [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]


WORDS = some.text(min_size=1, max_size=20)
NAMES = some.from_regex(r"[a-zA-Z0-9_-]{1,20}", fullmatch=True)
VALUES = some.recursive(some.none() | some.booleans() | some.integers(-1000, 1000) | WORDS, some.lists, max_leaves=4)
USES = some.builds(
    lambda call, name, given: {"type": "tool_use", "id": call, "name": name, "input": given},
    NAMES,
    NAMES,
    some.dictionaries(WORDS, VALUES, max_size=3),
)
ASSISTANTS = some.lists(some.one_of(WORDS.map(text), USES), min_size=1, max_size=4)


def back(message: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """What a neutral message of the assistant says, in Anthropic's words."""
    calls = [
        {"type": "tool_use", "id": call["id"], "name": name, "input": json.loads(arguments)}
        for call in message.get("tool_calls", ())
        for name, arguments in [(call["function"]["name"], call["function"]["arguments"])]
    ]
    return message["content"] or "", calls


@given(ASSISTANTS)
@settings(max_examples=200, deadline=None)
def test_what_an_assistant_said_and_called_survives(blocks: list[dict[str, Any]]) -> None:
    try:
        (message,) = read({"role": "assistant", "content": blocks})
    except BadRequest:
        raise AssertionError(f"refused: {blocks}") from None
    said = "".join(block["text"] for block in blocks if block["type"] == "text")
    assert back(message) == (said, [block for block in blocks if block["type"] == "tool_use"])


JSON = some.recursive(
    some.none() | some.booleans() | some.floats(allow_nan=False) | some.text(max_size=8),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("model", "max_tokens", "messages", "system", "tools", "tool_choice", "thinking", "stop_sequences", "stream")


@given(some.dictionaries(some.sampled_from(FIELDS), JSON))
@settings(max_examples=300, deadline=None)
def test_whatever_comes_is_a_call_or_a_bad_request(body: dict[str, Any]) -> None:
    with contextlib.suppress(BadRequest):
        asked = request.read({"model": "m", "max_tokens": 5, "messages": [user(text("x"))], **body}, OWNER)
        assert asked.call.inputs["messages"]
