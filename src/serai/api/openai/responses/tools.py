"""A response's tools, and the choice among them, to the neutral ones. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serai.api.openai.fields import fault


def wanted(known: Mapping[str, Any]) -> dict[str, Any]:
    """What a chat's inputs say of tools. Raises BadRequest for tools that are no functions."""
    tools, choice = _read(known)
    parallel = known.get("parallel_tool_calls", True) if tools else None
    said = {"tools": tools or None, "tool_choice": choice, "parallel_tool_calls": parallel}
    return {name: value for name, value in said.items() if value is not None}


def _read(known: Mapping[str, Any]) -> tuple[list[dict[str, Any]], Any]:
    """The tools in the neutral form, and the choice among them. Raises BadRequest for tools that are not functions."""
    made = [_tool(tool, index) for index, tool in enumerate(known.get("tools", ()))]
    choice = known.get("tool_choice")
    if not isinstance(choice, dict):
        return made, choice
    if choice.get("type") == "function":
        return made, {"type": "function", "function": {"name": choice.get("name")}}
    if choice.get("type") == "allowed_tools" and isinstance(choice.get("tools"), list):
        names = {tool.get("name") for tool in choice["tools"] if isinstance(tool, dict)}
        return [tool for tool in made if tool["function"]["name"] in names], choice.get("mode", "auto")
    raise fault("tool_choice", "tool_choice must be none, auto, required, a function or allowed_tools.")


def _tool(tool: Any, index: int) -> dict[str, Any]:
    place = f"tools[{index}]"
    kind = tool.get("type") if isinstance(tool, dict) else None
    if kind != "function":
        raise fault(place, f"{place} is {str(kind)[:40]!r}, which cannot be honoured: Serai takes functions.")
    if not isinstance(tool.get("name"), str):
        raise fault(f"{place}.name", f"{place}.name must be a text.")
    kept = {name: tool[name] for name in ("name", "description", "parameters", "strict") if tool.get(name) is not None}
    return {"type": "function", "function": kept}
