"""The fields of a messages request: what each must be, and what becomes of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from serai.api.body import fault, kind
from serai.errors import BadRequest
from serai.tasks.text_generation import BY_NAME

NUMBER = (int, float)


class Field(NamedTuple):
    """A field that is understood."""

    expected: str
    kinds: tuple[type, ...]
    least: float | None = None
    most: float | None = None


FIELDS: Mapping[str, Field] = {
    "model": Field("a model's name", (str,)),
    "messages": Field("a list of messages", (list,)),
    "max_tokens": Field("a whole number from 1", (int,), 1),
    "system": Field("a text or a list of text blocks", (str, list)),
    "stream": Field("true or false", (bool,)),
    "stop_sequences": Field("a list of texts", (list,)),
    "temperature": Field("a number from 0 to 1", NUMBER, 0, 1),
    "top_p": Field("a number from 0 to 1", NUMBER, 0, 1),
    "top_k": Field("a whole number from 0", (int,), 0),
    "tools": Field("a list of tools", (list,)),
    "tool_choice": Field("an object", (dict,)),
    "thinking": Field("an object", (dict,)),
    "output_config": Field("an object", (dict,)),
    "cache_control": Field("an object", (dict,)),
    "metadata": Field("an object", (dict,)),
}

SILENT = frozenset({"metadata", "cache_control"})
"""Understood, and without effect: nobody is billed, and every prompt is cached."""

REFUSED: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "container": (lambda _: False, "Serai runs no code for a model."),
    "mcp_servers": (lambda value: value == [], "Call MCP servers from the client, and offer their tools in `tools`."),
}
"""Known fields that would change the answer and cannot be honoured, unless they say what holds anyway."""

OURS = frozenset(BY_NAME) - FIELDS.keys() - {"stop", "response_format", "reasoning", "reasoning_budget"}
OURS -= {"logprobs", "top_logprobs"}
"""Generation settings that Anthropic has no word for go by their own names."""


class Fields(NamedTuple):
    """A request's fields, sorted: known ones, settings in neutral spelling, and those without effect."""

    known: dict[str, Any]
    settings: dict[str, Any]
    ignored: list[str]


def read(body: Mapping[str, Any]) -> Fields:
    """Raises BadRequest with the field's name as `param`. Null is the same as not there."""
    fields = Fields({}, {}, [])
    for name, value in body.items():
        if value is not None:
            _sort(fields, name, value)
    return fields


def _sort(fields: Fields, name: str, value: Any) -> None:
    if name in FIELDS:
        fields.known[name] = _checked(name, FIELDS[name], value)
    elif name in REFUSED:
        holds, reason = REFUSED[name]
        if not holds(value):
            raise fault(name, f"{name} cannot be honoured. {reason}")
    elif name in OURS:
        try:
            fields.settings[name] = BY_NAME[name].check(value)
        except BadRequest as error:
            raise fault(name, f"{name} does not fit: {BY_NAME[name].expected()}.") from error
    else:
        fields.ignored.append(name)


def _checked(name: str, field: Field, value: Any) -> Any:
    kind(name, value, field.kinds, field.expected)
    if isinstance(value, NUMBER) and not isinstance(value, bool):
        low = field.least is None or value >= field.least
        if not low or (field.most is not None and value > field.most):
            raise fault(name, f"{name} must be {field.expected}.")
    return value
