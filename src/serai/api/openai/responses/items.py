"""Items, which are what a response is asked with and answers with, to neutral messages. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from serai.api.openai.fields import fault
from serai.types import new_id

Item = dict[str, Any]

_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_TEXTS = {"input_text": "text", "output_text": "text", "text": "text", "refusal": "refusal"}
_PREFIXES = {"message": "msg", "function_call": "fc", "function_call_output": "fco", "reasoning": "rs"}


def read(given: Any) -> list[Item]:
    """The input's items, each with its type and an id. Raises BadRequest naming the place that does not fit."""
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    if not isinstance(given, list) or not given:
        raise fault("input", "input must be a text or a list of items.")
    return [_item(item, f"input[{index}]") for index, item in enumerate(given)]


def messages(items: Iterable[Item]) -> list[dict[str, Any]]:
    """The chat that the items make. Calls of tools join the assistant's message before them; what a model thought
    before an answer is not said to it again."""
    made: list[dict[str, Any]] = []
    for item in items:
        kind = item["type"]
        if kind == "message":
            made.append({"role": _ROLES[item["role"]], "content": _content(item["content"])})
        elif kind == "function_call":
            _call(made, item)
        elif kind == "function_call_output":
            made.append({"role": "tool", "tool_call_id": item["call_id"], "content": _content(item["output"])})
    return made


def _item(item: Any, place: str) -> Item:
    if not isinstance(item, dict):
        raise fault(place, f"{place} must be an object.")
    kind = item.get("type", "message")
    check = _CHECKS.get(kind) if isinstance(kind, str) else None
    if check is None:
        hint = "Serai takes message, function_call, function_call_output and reasoning."
        raise fault(f"{place}.type", f"{place}.type = {str(kind)[:60]!r} cannot be honoured. {hint}")
    return {"id": new_id(_PREFIXES[kind]), "status": "completed", **item, "type": kind, **check(item, place)}


def _message(item: Mapping[str, Any], place: str) -> Item:
    role = item.get("role")
    if role not in _ROLES:
        raise fault(f"{place}.role", f"{place}.role must be one of {', '.join(_ROLES)}.")
    kind = "output_text" if role == "assistant" else "input_text"
    return {"content": _parts(item.get("content"), f"{place}.content", kind)}


def _function_call(item: Mapping[str, Any], place: str) -> Item:
    for name in ("call_id", "name", "arguments"):
        if not isinstance(item.get(name), str):
            raise fault(f"{place}.{name}", f"{place}.{name} must be a text.")
    return {}


def _function_call_output(item: Mapping[str, Any], place: str) -> Item:
    if not isinstance(item.get("call_id"), str):
        raise fault(f"{place}.call_id", f"{place}.call_id must name the call that this is the result of.")
    output = item.get("output")
    return {"output": output if isinstance(output, str) else _parts(output, f"{place}.output", "input_text")}


def _reasoning(item: Mapping[str, Any], place: str) -> Item:  # noqa: ARG001
    return {"summary": item.get("summary") or []}


_CHECKS = {
    "message": _message,
    "function_call": _function_call,
    "function_call_output": _function_call_output,
    "reasoning": _reasoning,
}


def _parts(content: Any, place: str, kind: str) -> list[Item]:
    if isinstance(content, str):
        content = [{"type": kind, "text": content}]
    if not isinstance(content, list) or not content:
        raise fault(place, f"{place} must be a text or a list of parts.")
    for index, part in enumerate(content):
        _check_part(part, f"{place}[{index}]")
    return content


def _check_part(part: Any, place: str) -> None:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "input_image":
        if not isinstance(part.get("image_url"), str):
            raise fault(f"{place}.image_url", f"{place}.image_url must be an address or a data URL of the picture.")
    elif not isinstance(kind, str) or kind not in _TEXTS:
        raise fault(place, f"{place} is {str(kind)[:40]!r}; Serai takes input_text and input_image.")
    elif not isinstance(part.get(_TEXTS[kind]), str):
        raise fault(place, f"{place} must hold its text.")


def _content(parts: Any) -> str | list[dict[str, Any]]:
    """Text in one piece; where there are pictures, the parts in their order."""
    if isinstance(parts, str):
        return parts
    made = [_part(part) for part in parts]
    texts = [part["text"] for part in made if part["type"] == "text"]
    return "\n".join(texts) if len(texts) == len(made) else made


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    if part["type"] == "input_image":
        return {"type": "image_url", "image_url": {"url": part["image_url"]}}
    return {"type": "text", "text": part[_TEXTS[part["type"]]]}


def _call(made: list[dict[str, Any]], item: Mapping[str, Any]) -> None:
    if not made or made[-1]["role"] != "assistant":
        made.append({"role": "assistant", "content": None})
    function = {"name": item["name"], "arguments": item["arguments"]}
    calls = made[-1].setdefault("tool_calls", [])
    calls.append({"id": item["call_id"], "type": "function", "function": function})
