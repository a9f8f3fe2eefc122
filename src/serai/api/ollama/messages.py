"""Ollama's messages, pictures and tools to the neutral ones. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import orjson

from serai.api.body import fault, kind
from serai.hosting.pictures import measure

_ROLES = ("system", "user", "assistant", "tool")
_LOOK = 1 << 16
"""So many characters of a picture say what kind it is."""


def read(given: Sequence[Any]) -> list[dict[str, Any]]:
    """The messages; raises BadRequest naming the place that does not fit. Ollama's calls of tools need no ids: those
    without get one, and results belong to the oldest call of their tool that has none yet."""
    made: list[dict[str, Any]] = []
    waiting: list[tuple[str, str]] = []
    for index, message in enumerate(given):
        place = f"messages[{index}]"
        kind(place, message, dict, "an object")
        role = message.get("role")
        if role not in _ROLES:
            raise fault(f"{place}.role", f"{place}.role must be one of {', '.join(_ROLES)}.")
        text = kind(f"{place}.content", message.get("content") or "", str, "a text")
        if role == "tool":
            made.append(_result(place, message, text, waiting))
        elif role == "assistant":
            made.append(_answer(place, message, text, index))
            waiting += [(call["id"], call["function"]["name"]) for call in made[-1].get("tool_calls", ())]
        else:
            seen = pictures(f"{place}.images", message.get("images") or [])
            made.append({"role": role, "content": [{"type": "text", "text": text}, *seen] if seen else text})
    return made


def pictures(place: str, given: Any) -> list[dict[str, Any]]:
    """Pictures in base64 as parts of a message."""
    return [_picture(f"{place}[{index}]", data) for index, data in enumerate(kind(place, given, list, "a list"))]


def tools(given: Any) -> dict[str, Any]:
    """The tools of a chat's inputs, which are OpenAI's there too."""
    for index, tool in enumerate(kind("tools", given, list, "a list of tools")):
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise fault(f"tools[{index}]", f"tools[{index}] must be a function with a name.")
    return {"tools": [{**tool, "type": "function"} for tool in given]} if given else {}


def _picture(place: str, data: Any) -> dict[str, Any]:
    text = kind(place, data, str, "a picture in base64")
    text = text.partition(";base64,")[2] if text.startswith("data:") else text
    try:
        size = measure(base64.b64decode(text[:_LOOK], validate=True))
    except (binascii.Error, ValueError) as error:
        raise fault(place, f"{place} is not base64: {error}") from error
    found = size.kind.lower() if size else "png"
    return {"type": "image_url", "image_url": {"url": f"data:image/{found};base64,{text}"}}


def _answer(place: str, message: dict[str, Any], text: str, index: int) -> dict[str, Any]:
    given = kind(f"{place}.tool_calls", message.get("tool_calls") or [], list, "a list of calls")
    calls = [
        _call(f"{place}.tool_calls[{number}]", call, f"call_{index}_{number}") for number, call in enumerate(given)
    ]
    made: dict[str, Any] = {"role": "assistant", "content": text or None if calls else text}
    if thought := message.get("thinking"):
        made["reasoning_content"] = kind(f"{place}.thinking", thought, str, "a text")
    return made | ({"tool_calls": calls} if calls else {})


def _call(place: str, call: Any, number: str) -> dict[str, Any]:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise fault(place, f"{place} must be a function with a name.")
    given = kind(f"{place}.function.arguments", function.get("arguments") or {}, dict, "an object")
    known = {"name": function["name"], "arguments": orjson.dumps(given).decode()}
    return {"id": str(call.get("id") or number), "type": "function", "function": known}


def _result(place: str, message: dict[str, Any], text: str, waiting: list[tuple[str, str]]) -> dict[str, Any]:
    name, wanted = message.get("tool_name") or message.get("name"), message.get("tool_call_id")
    found = next((one for one in waiting if one[0] == wanted), None) if wanted else None
    found = found or next((one for one in waiting if not name or one[1] == name), None)
    if found is not None:
        waiting.remove(found)
    call, tool = found or (str(wanted or place), name)
    return {"role": "tool", "tool_call_id": call, "content": text, **({"name": tool} if tool else {})}
