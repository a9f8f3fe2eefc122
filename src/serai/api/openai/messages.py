"""OpenAI's messages to the neutral ones. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from serai.api.openai.fields import fault

_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool"}
_KEPT = ("name", "tool_calls", "tool_call_id")


def read(messages: Sequence[Any]) -> list[dict[str, Any]]:
    """The messages with their text in one piece; raises BadRequest naming the place that does not fit."""
    if not messages:
        raise fault("messages", "messages must not be empty.")
    return [_message(message, f"messages[{index}]") for index, message in enumerate(messages)]


def _message(message: Any, place: str) -> dict[str, Any]:
    if not isinstance(message, dict):
        raise fault(place, f"{place} must be an object.")
    role = message.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        raise fault(f"{place}.role", f"{place}.role must be one of {', '.join(_ROLES)}.")
    plain: dict[str, Any] = {"role": _ROLES[role]}
    for name in _KEPT:
        if message.get(name) is not None:
            plain[name] = message[name]
    if "tool_calls" in plain:
        if not _are_tool_calls(plain["tool_calls"]):
            raise fault(f"{place}.tool_calls", f"{place}.tool_calls must be a list of calls with a function's name.")
        plain["tool_calls"] = [{**call, "type": "function"} for call in plain["tool_calls"]]  # some leave it out
    if role == "tool" and not isinstance(plain.get("tool_call_id"), str):
        raise fault(f"{place}.tool_call_id", f"{place}.tool_call_id must name the call that this is the result of.")
    plain["content"] = _content(message.get("content"), place, optional="tool_calls" in plain)
    return plain


def _content(content: Any, place: str, *, optional: bool) -> str | list[dict[str, Any]] | None:
    """Text in one piece; where there are pictures, the parts in their order."""
    if isinstance(content, str):
        return content
    if content is None and optional:
        return None
    if isinstance(content, list) and content:
        parts = [_part(part, f"{place}.content[{index}]") for index, part in enumerate(content)]
        texts = [part["text"] for part in parts if part["type"] == "text"]
        return "\n".join(texts) if len(texts) == len(parts) else parts
    raise fault(f"{place}.content", f"{place}.content must be a text or a list of parts.")


def _part(part: Any, place: str) -> dict[str, Any]:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind in ("text", "refusal") and isinstance(part.get(kind), str):
        return {"type": "text", "text": part[kind]}
    if kind == "image_url":
        image = part.get("image_url")
        url = image.get("url") if isinstance(image, dict) else image
        if not isinstance(url, str):
            raise fault(place, f"{place} must hold its picture as {{'url': 'data:image/…'}}.")
        return {"type": "image_url", "image_url": {"url": url}}
    if isinstance(kind, str) and kind != "text":
        raise fault(place, f"{place} is {kind[:40]!r}; chats take texts and pictures.")
    raise fault(place, f"{place} must be a text part: {{'type': 'text', 'text': …}}.")


def _are_tool_calls(calls: Any) -> bool:
    return isinstance(calls, list) and all(
        isinstance(call, dict)
        and isinstance(call.get("function"), dict)
        and isinstance(call["function"].get("name"), str)
        and isinstance(call["function"].get("arguments", ""), str)
        for call in calls
    )
