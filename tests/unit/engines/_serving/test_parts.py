"""Answers taken apart: text, reasoning, calls of tools."""

import json
from typing import Any

import pytest

from serai.engines._serving.parts import Parts

CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Shiraz"}}\n</tool_call>'


def apart(text: str, *, size: int = 1, **how: Any) -> tuple[str, str, list[tuple[str, Any]]]:
    parts = Parts(**how)
    made = [parts.push(text[at : at + size]) for at in range(0, len(text), size)] + [parts.flush()]
    calls = [call["function"] for part in made for call in part.calls]
    assert [call["index"] for part in made for call in part.calls] == list(range(len(calls)))
    said = [(call["name"], json.loads(call["arguments"])) for call in calls]
    return "".join(part.text for part in made), "".join(part.reasoning for part in made), said


SIZES = pytest.mark.parametrize("size", [1, 3, 1000])


@SIZES
def test_plain_text_stays_as_it_is(size: int) -> None:
    text = "a < b, <tool, {1: 2} and </think>"
    assert apart(text, size=size) == (text, "", [])
    assert apart(text, size=size, tools=True) == (text, "", [])


@SIZES
def test_reasoning_comes_apart_from_the_answer(size: int) -> None:
    assert apart("<think>why\n</think>\nso", size=size) == ("\nso", "why\n", [])
    assert apart("why</think>so", size=size, thinking=True) == ("so", "why", [])


def test_reasoning_without_an_end_is_reasoning() -> None:
    assert apart("<think>why and") == ("", "why and", [])


@SIZES
def test_a_tagged_call_is_read(size: int) -> None:
    assert apart(f"I look.{CALL}", size=size, tools=True) == ("I look.", "", [("weather", {"city": "Shiraz"})])


def test_several_calls_are_numbered() -> None:
    assert len(apart(CALL + "\n" + CALL, tools=True)[2]) == 2


@SIZES
@pytest.mark.parametrize("key", ["arguments", "parameters"])
def test_a_call_of_json_alone_is_read(size: int, key: str) -> None:
    call = json.dumps({"name": "weather", key: {"city": "Yazd"}})
    assert apart(call, size=size, tools=True) == ("", "", [("weather", {"city": "Yazd"})])
    assert apart(f"[{call}, {call}]", size=size, tools=True)[2] == [("weather", {"city": "Yazd"})] * 2


def test_json_that_calls_nothing_is_text() -> None:
    assert apart('{"a": 1}', tools=True) == ('{"a": 1}', "", [])
    assert apart('{"a": ', tools=True) == ('{"a": ', "", [])


def test_a_tag_around_something_else_is_text() -> None:
    text = "<tool_call>nothing</tool_call> more"
    assert apart(text, tools=True) == (text, "", [])


def test_a_call_that_was_cut_off_is_text_and_a_whole_one_without_an_end_is_a_call() -> None:
    assert apart('<tool_call>{"name": "we', tools=True) == ('<tool_call>{"name": "we', "", [])
    assert apart(CALL.removesuffix("</tool_call>"), tools=True)[2] == [("weather", {"city": "Shiraz"})]


def test_without_tools_nothing_is_a_call() -> None:
    assert apart(CALL) == (CALL, "", [])
