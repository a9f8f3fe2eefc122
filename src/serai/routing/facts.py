"""What can be told of a call before anybody reads it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from serai.routing.route import Facts
from serai.types import Call

_BYTES = 4
"""So many make a token, roughly."""

_PICTURE = 800
"""So many tokens a picture is taken to be."""

_LOOKED_AT = 20_000


def of(call: Call) -> Facts:
    """The call's size, as far as it can be guessed, and what it needs of a model."""
    size, pictures = _measured(call.inputs)
    return Facts(
        task=call.task,
        prompt_tokens=size // _BYTES + pictures * _PICTURE,
        tools=bool(call.inputs.get("tools")),
        pictures=pictures > 0,
        now=datetime.now().astimezone(),
    )


def _measured(inputs: Mapping[str, Any]) -> tuple[int, int]:
    """The bytes of all text, and the number of pictures."""
    size = pictures = looked = 0
    rest: list[Any] = [inputs]
    while rest and looked < _LOOKED_AT:
        looked += 1
        value = rest.pop()
        if isinstance(value, str):
            size += len(value.encode("utf-8", "replace"))
        elif isinstance(value, Mapping):
            if value.get("type") == "image_url":
                pictures += 1
            else:
                rest.extend(value.values())
        elif isinstance(value, list | tuple):
            rest.extend(value)
    return size, pictures
