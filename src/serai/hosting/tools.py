"""The tools of a chat, and which of them must be called, as every engine understands it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from serai.errors import BadRequest
from serai.tasks import schemas

_CHOICES = ("none", "auto", "required")


def wanted(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """`tools`, `tool_choice` and `parallel_tool_calls` of a chat's inputs. Who demands one function gets that one
    alone, as a must: engines that do not know OpenAI's form for it would take it for a free choice. Raises
    BadRequest."""
    tools = _checked(inputs.get("tools") or [])
    choice, parallel = inputs.get("tool_choice"), inputs.get("parallel_tool_calls")
    if choice is not None and choice not in _CHOICES:
        tools, choice, parallel = [_named(tools, choice)], "required", False
    if not tools:
        if choice == "required":
            raise BadRequest("tool_choice is required, but there are no tools.", field="tool_choice")
        return {}
    schemas.check([tool["function"].get("parameters") for tool in tools], "tools")
    given = {"tools": tools, "tool_choice": choice, "parallel_tool_calls": parallel}
    return {name: value for name, value in given.items() if value is not None}


def readable(messages: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The messages, with arguments of former calls that are no JSON as a JSON text: a call may have been cut off, and
    engines fail over it, where a model can still see what was tried."""
    return [
        {**message, "tool_calls": [_readable(call) for call in message["tool_calls"]]}
        if isinstance(message.get("tool_calls"), list)
        else message
        for message in messages
    ]


def _readable(call: Any) -> Any:
    function = call.get("function") if isinstance(call, dict) else None
    arguments = function.get("arguments") if isinstance(function, dict) else None
    if not isinstance(function, dict) or not isinstance(arguments, str):
        return call
    try:
        orjson.loads(arguments or "{}")
    except orjson.JSONDecodeError:
        return {**call, "function": {**function, "arguments": orjson.dumps(arguments).decode()}}
    return call if arguments else {**call, "function": {**function, "arguments": "{}"}}


def _checked(tools: Any) -> list[dict[str, Any]]:
    if not isinstance(tools, list):
        raise BadRequest("tools must be a list of functions.", field="tools")
    seen: set[str] = set()
    for index, tool in enumerate(tools):
        name = _name(tool)
        if not name:
            text = f"tools[{index}] must be {{'type': 'function', 'function': {{'name': …, 'parameters': …}}}}."
            raise BadRequest(text, field=f"tools[{index}]")
        if not isinstance(tool["function"].get("parameters") or {}, dict):
            raise BadRequest(f"The parameters of {name} must be a JSON schema.", field=f"tools[{index}]")
        if name in seen:
            raise BadRequest(f"There are two tools called {name!r}.", field=f"tools[{index}]")
        seen.add(name)
    return tools


def _named(tools: list[dict[str, Any]], choice: Any) -> dict[str, Any]:
    """The tool that a choice names, in OpenAI's form."""
    name = _name(choice)
    for tool in tools:
        if _name(tool) == name:
            return tool
    there = ", ".join(_name(tool) for tool in tools) or "none"
    if not name:
        hint = f"It takes {', '.join(_CHOICES)} or {{'type': 'function', 'function': {{'name': …}}}}."
        raise BadRequest(f"tool_choice = {str(choice)[:80]!r} does not fit.", hint=hint, field="tool_choice")
    raise BadRequest(
        f"tool_choice names {name!r}, which is not among the tools.", hint=f"There are: {there}.", field="tool_choice"
    )


def _name(tool: Any) -> str:
    function = tool.get("function") if isinstance(tool, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    return name if isinstance(name, str) else ""
