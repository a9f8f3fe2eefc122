"""A request's messages as chat templates take them, and the pictures in them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from serai.engines._serving.refused import Refused


def read(message: Mapping[str, Any], pictures: list[bytes]) -> dict[str, Any]:
    """Content becomes one text; where it holds pictures, parts in the form of the hub's templates, and the pictures are
    added to the list. Arguments of former calls become objects. Raises Refused."""
    made = dict(message)
    content = made.get("content")
    if isinstance(content, list):
        parts = [_part(part, pictures) for part in content]
        plain = all(part["type"] == "text" for part in parts)
        made["content"] = "".join(part["text"] for part in parts) if plain else parts
    elif content is None:
        made["content"] = ""
    if calls := made.get("tool_calls"):
        made["tool_calls"] = [_call(call) for call in calls]
    return made


def in_parts(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The messages with every content in parts, as templates of models that read pictures expect it."""
    return [
        {**message, "content": [{"type": "text", "text": message["content"]}]}
        if isinstance(message.get("content"), str)
        else dict(message)
        for message in messages
    ]


def text_of(message: Mapping[str, Any]) -> str:
    """What a message says, without its pictures."""
    content = message.get("content", "")
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content)
    return str(content)


def _part(part: Mapping[str, Any], pictures: list[bytes]) -> dict[str, Any]:
    if part.get("type") != "image_url":
        return {"type": "text", "text": str(part.get("text") or part.get("refusal") or "")}
    url = str((part.get("image_url") or {}).get("url"))
    head, found, data = url.partition(";base64,")
    if not found or not head.startswith("data:image/"):
        raise Refused("A picture must be a data URL; nothing is fetched here.")
    pictures.append(base64.b64decode(data, validate=True))
    return {"type": "image"}


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = dict(call.get("function") or {})
    if isinstance(function.get("arguments"), str):
        try:
            function["arguments"] = json.loads(function["arguments"])
        except ValueError:
            return {**call, "function": function}
    return {**call, "function": function}
