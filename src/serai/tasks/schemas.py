"""How large a JSON schema may be that an answer must follow: engines make a grammar of it before they write a word,
in a time that grows with the square of some of these numbers. Pure."""

from __future__ import annotations

from typing import Any

from serai.errors import BadRequest

MOST_PARTS = 20_000
MOST_VALUES = 2_000
MOST_OPTIONAL = 300
DEEPEST = 100


def check(schema: Any, field: str) -> None:
    """Raises BadRequest, naming the field, for a schema that is too large or too deep."""
    parts, values = 0, 0
    waiting = [(schema, 0)]
    while waiting:
        part, depth = waiting.pop()
        if not isinstance(part, (dict, list)):
            continue
        inner = list(part.values()) if isinstance(part, dict) else part
        parts += len(inner)
        if isinstance(part, dict):
            values += _counted(part.get("enum"))
            _check_optional(part, field)
        if parts > MOST_PARTS:
            raise _too_much(field, f"has more than {MOST_PARTS:,} parts")
        if values > MOST_VALUES:
            raise _too_much(field, f"lists more than {MOST_VALUES:,} values")
        if depth > 2 * DEEPEST:  # an object's properties are two levels for one
            raise _too_much(field, f"is nested deeper than {DEEPEST} levels")
        waiting += [(one, depth + 1) for one in inner]


def _check_optional(part: dict[str, Any], field: str) -> None:
    optional = _counted(part.get("properties")) - _counted(part.get("required"))
    if optional > MOST_OPTIONAL:
        raise _too_much(field, f"has an object with more than {MOST_OPTIONAL} properties that may be left out")


def _counted(given: Any) -> int:
    return len(given) if isinstance(given, (dict, list)) else 0


def _too_much(field: str, what: str) -> BadRequest:
    hint = "Make it smaller, or ask for several answers that each follow a part of it."
    return BadRequest(f"The JSON schema in {field} {what}.", hint=hint, field=field)
