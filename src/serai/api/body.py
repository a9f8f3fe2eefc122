"""A request's body, for dialects that check their fields themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from serai.errors import BadRequest

_NAMED = 32
_TYPES: Mapping[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
}


def parse(body: bytes) -> dict[str, Any]:
    """The body's JSON object; raises BadRequest in words."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is not JSON: {error.msg} at character {error.pos}.") from error
    if not isinstance(data, dict):
        raise BadRequest("The body must be a JSON object.")
    return data


def fault(param: str, message: str, hint: str = "") -> BadRequest:
    """What is wrong with the field of that name."""
    return BadRequest(message, hint=hint, param=param)


def kind(place: str, value: Any, kinds: type | tuple[type, ...], expected: str) -> Any:
    """The value, if it is of one of these types; true and false are no numbers. Raises BadRequest."""
    wanted = kinds if isinstance(kinds, tuple) else (kinds,)
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        raise fault(place, f"{place} must be {expected}.")
    return value


def schema(expected: str, kinds: Sequence[type]) -> dict[str, Any]:
    """A field in JSON Schema, by what it must be."""
    return {"description": expected, "type": [*(_TYPES[kind] for kind in kinds), "null"]}


def object_of(place: str, value: Any) -> dict[str, Any]:
    """The object in this field, empty where there is none. Raises BadRequest."""
    return {} if value is None else kind(place, value, dict, "an object")


def ignored(names: Sequence[str]) -> dict[str, str]:
    """The header that names the fields which had no effect."""
    named = (re.sub(r"[^\[\]A-Za-z0-9_.-]", "?", name[:64]) for name in names[:_NAMED])
    return {"x-serai-ignored-fields": ", ".join(named)} if names else {}
