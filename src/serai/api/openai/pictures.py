"""Pictures that a chat names by their address, fetched before a model sees them: models' processes fetch nothing."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from serai.errors import SeraiError
from serai.hosting.pictures import LARGEST
from serai.outside import Fetched


class Outside(Protocol):
    """What is needed of `serai.outside.Outside`."""

    async def fetch(self, url: str, *, most: int, kinds: Sequence[str]) -> Fetched: ...


async def fetched(inputs: Mapping[str, Any], outside: Outside) -> Mapping[str, Any]:
    """A chat's inputs with the content of such pictures in place of their addresses. What one request names may have
    `LARGEST` bytes together. Raises what `outside` raises, with the place of the picture as `param`."""
    if not any(isinstance(message.get("content"), list) for message in inputs["messages"]):
        return inputs
    found: dict[str, str] = {}
    left = LARGEST
    messages = [dict(message) for message in inputs["messages"]]
    for number, message in enumerate(messages):
        parts = message.get("content")
        if not isinstance(parts, list):
            continue
        message["content"] = [dict(part) for part in parts]
        for index, part in enumerate(message["content"]):
            url = _address(part)
            if url and url not in found:
                picture = await _fetch(outside, url, left, f"messages[{number}].content[{index}]")
                left -= len(picture.content)
                found[url] = f"data:{picture.kind};base64,{base64.b64encode(picture.content).decode('ascii')}"
            if url:
                part["image_url"] = {"url": found[url]}
    return {**inputs, "messages": messages} if found else inputs


def _address(part: Mapping[str, Any]) -> str:
    image = part.get("image_url")
    url = image.get("url", "") if isinstance(image, dict) else ""
    return url if url.lower().startswith(("http://", "https://")) else ""


async def _fetch(outside: Outside, url: str, most: int, place: str) -> Fetched:
    try:
        return await outside.fetch(url, most=most, kinds=("image/",))
    except SeraiError as error:
        error.facts.setdefault("param", place)
        raise
