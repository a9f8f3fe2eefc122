"""Which tools a chat may or must call."""

from typing import Any

import pytest

from serai.errors import BadRequest
from serai.hosting.tools import readable, wanted


def tool(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, **more}}


BOTH = [tool("a"), tool("b")]


def test_a_demanded_function_is_the_only_one_and_a_must() -> None:
    made = wanted({"tools": BOTH, "tool_choice": tool("b"), "parallel_tool_calls": True})
    assert made == {"tools": [tool("b")], "tool_choice": "required", "parallel_tool_calls": False}


@pytest.mark.parametrize("choice", ["none", "auto", "required"])
def test_the_other_choices_go_on_as_they_are(choice: str) -> None:
    assert wanted({"tools": BOTH, "tool_choice": choice}) == {"tools": BOTH, "tool_choice": choice}


def test_without_tools_there_is_nothing_to_say() -> None:
    assert wanted({}) == wanted({"tools": None, "tool_choice": "auto", "parallel_tool_calls": False}) == {}


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"tool_choice": "required"}, "there are no tools"),
        ({"tools": BOTH, "tool_choice": tool("c")}, "'c', which is not among"),
        ({"tools": BOTH, "tool_choice": "any"}, "'any' does not fit"),
        ({"tools": BOTH, "tool_choice": {"type": "function"}}, "does not fit"),
        ({"tools": [tool("a"), tool("a")]}, "two tools called 'a'"),
        ({"tools": [{"name": "a"}]}, r"tools\[0\] must be"),
        ({"tools": "a"}, "a list"),
        ({"tools": [tool("a", parameters=[])], "tool_choice": None} | {"tools": [tool("a", parameters="x")]}, "schema"),
    ],
)
def test_what_does_not_fit_is_said(inputs: dict[str, Any], words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        wanted(inputs)


def test_arguments_that_are_no_json_become_a_json_text() -> None:
    def said(arguments: str) -> list[dict[str, Any]]:
        call = {"id": "c", "type": "function", "function": {"name": "look", "arguments": arguments}}
        return [{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [call]}]

    found = [readable(said(text))[1]["tool_calls"][0]["function"]["arguments"] for text in ('{"a":1}', "{a", "")]
    assert found == ['{"a":1}', '"{a"', "{}"]
    assert readable(said("{}")) == said("{}")
