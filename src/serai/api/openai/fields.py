"""The fields of OpenAI's chat completion request: what each must be, and what becomes of it. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from serai.errors import BadRequest

Check = Callable[[Any], bool]


def fault(param: str, message: str) -> BadRequest:
    return BadRequest(message, param=param)


def _number(low: float, high: float) -> Check:
    def check(value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and low <= value <= high

    return check


def _whole(low: int, high: int = 2**53) -> Check:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _kind(*kinds: type) -> Check:
    return lambda value: isinstance(value, kinds)


def _stops(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) and item for item in value))


def _bias(value: Any) -> bool:
    return isinstance(value, dict) and all(token.isdigit() and _number(-100, 100)(bias) for token, bias in value.items())


@dataclass(frozen=True, slots=True)
class Field:
    """`setting` is the neutral name it goes by as a generation setting; None: it is not one."""

    expected: str
    check: Check
    setting: str | None = None


FIELDS: Mapping[str, Field] = {
    "model": Field("a model's name", _kind(str)),
    "messages": Field("a list of messages", _kind(list)),
    "stream": Field("true or false", _kind(bool)),
    "stream_options": Field("an object", _kind(dict)),
    "tools": Field("a list of tools", _kind(list)),
    "tool_choice": Field("none, auto, required or a tool", _kind(str, dict)),
    "parallel_tool_calls": Field("true or false", _kind(bool)),
    "temperature": Field("a number from 0 to 2", _number(0, 2), "temperature"),
    "top_p": Field("a number from 0 to 1", _number(0, 1), "top_p"),
    "top_k": Field("a whole number from 0", _whole(0), "top_k"),
    "min_p": Field("a number from 0 to 1", _number(0, 1), "min_p"),
    "repetition_penalty": Field("a number from 0 to 10", _number(0, 10), "repetition_penalty"),
    "repeat_penalty": Field("a number from 0 to 10", _number(0, 10), "repetition_penalty"),
    "presence_penalty": Field("a number from -2 to 2", _number(-2, 2), "presence_penalty"),
    "frequency_penalty": Field("a number from -2 to 2", _number(-2, 2), "frequency_penalty"),
    "seed": Field("a whole number", _whole(-(2**63), 2**64), "seed"),
    "max_tokens": Field("a whole number from 1", _whole(1), "max_tokens"),
    "max_completion_tokens": Field("a whole number from 1", _whole(1), "max_tokens"),
    "stop": Field("a text or a list of texts", _stops, "stop"),
    "logit_bias": Field("an object of token ids and numbers from -100 to 100", _bias, "logit_bias"),
    "logprobs": Field("true or false", _kind(bool), "logprobs"),
    "top_logprobs": Field("a whole number from 0 to 20", _whole(0, 20), "top_logprobs"),
    "grammar": Field("a GBNF grammar as text", _kind(str), "grammar"),
    "response_format": Field("an object", _kind(dict), "response_format"),
}
"""What Serai honours. The order is that of the documentation."""

REFUSED: Mapping[str, tuple[Check, str]] = {
    "n": (lambda value: value == 1, "Serai gives one answer a request; send the request several times."),
    "modalities": (lambda value: value == ["text"], "This model answers with text only."),
    "audio": (lambda _: False, "This model answers with text only."),
    "functions": (lambda _: False, "Use `tools`, which took its place."),
    "function_call": (lambda _: False, "Use `tool_choice`, which took its place."),
    "web_search_options": (lambda _: False, "Serai does not search the web."),
    "best_of": (lambda value: value == 1, "Serai gives one answer a request."),
    "suffix": (lambda _: False, "A chat has no suffix."),
}
"""Known fields that would change the answer and cannot be honoured, unless they say what holds anyway."""


def read(body: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The fields that are set and honoured, checked, and the names of those that are let through without effect."""
    known: dict[str, Any] = {}
    ignored: list[str] = []
    for name, value in body.items():
        field = FIELDS.get(name)
        if value is None:
            continue
        if field is not None:
            if not field.check(value):
                raise fault(name, f"{name} must be {field.expected}.")
            known[name] = value
        elif name in REFUSED:
            holds, reason = REFUSED[name]
            if not holds(value):
                raise fault(name, f"{name} cannot be honoured. {reason}")
        else:
            ignored.append(name)
    return known, ignored


def settings(known: Mapping[str, Any]) -> dict[str, Any]:
    """The generation settings among the fields, in neutral spelling; two spellings of one must agree."""
    chosen: dict[str, Any] = {}
    for name, value in known.items():
        setting = FIELDS[name].setting
        if setting is None:
            continue
        if chosen.get(setting, value) != value:
            raise fault(name, f"{name} and its other spelling say different things.")
        chosen[setting] = value
    return chosen
