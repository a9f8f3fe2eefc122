"""Anthropic's tools and the choice among them to the neutral ones. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from serai.api.body import fault, kind

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


def read(known: Mapping[str, Any]) -> dict[str, Any]:
    """`tools`, `tool_choice` and `parallel_tool_calls` of a chat's inputs. Raises BadRequest."""
    tools = [_tool(f"tools.{index}", tool) for index, tool in enumerate(known.get("tools", ()))]
    choice = known.get("tool_choice", {"type": "auto"})
    if not tools:
        if choice.get("type") in ("any", "tool"):
            raise fault("tool_choice", "tool_choice demands a tool, but there are no tools.")
        return {}
    parallel = choice.get("disable_parallel_tool_use") is not True
    return {"tools": tools, "tool_choice": _choice(choice), "parallel_tool_calls": parallel}


def _tool(place: str, tool: Any) -> dict[str, Any]:
    kind(place, tool, dict, "an object")
    if (what := tool.get("type", "custom")) not in ("custom", None):
        hint = "Serai has no tools of its own: describe yours by name, description and input_schema."
        raise fault(place, f"{place} is {str(what)[:40]!r}, which cannot be honoured.", hint)
    name = tool.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise fault(f"{place}.name", f"{place}.name must be of 1 to 128 letters, digits, _ or -.")
    schema = kind(f"{place}.input_schema", tool.get("input_schema"), dict, "a JSON schema")
    function: dict[str, Any] = {"name": name, "parameters": schema}
    if tool.get("description") is not None:
        function["description"] = kind(f"{place}.description", tool["description"], str, "a text")
    if isinstance(tool.get("strict"), bool):
        function["strict"] = tool["strict"]
    return {"type": "function", "function": function}


def _choice(choice: Mapping[str, Any]) -> str | dict[str, Any]:
    what = choice.get("type")
    if isinstance(what, str) and what in _CHOICES:
        return _CHOICES[what]
    if what == "tool":
        name = kind("tool_choice.name", choice.get("name"), str, "a tool's name")
        return {"type": "function", "function": {"name": name}}
    raise fault("tool_choice.type", "tool_choice.type must be auto, any, tool or none.")
