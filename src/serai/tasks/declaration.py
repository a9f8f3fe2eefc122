"""What a task declares: what it takes, how it may be set, how its answer is shown, and examples of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from serai.errors import BadRequest, UnknownField

SettingType = Literal["number", "integer", "boolean", "text", "list", "object"]
Shown = Literal["text", "scores", "data"]
"""`text` is Markdown as it streams; `scores` is a JSON list of `{"label", "score"}`, drawn as bars; `data` is JSON that
comes in a Delta's `data`."""


class Inputs(BaseModel):
    """The base of a task's inputs: a field that is not declared is refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a task: enough to check it, and to draw a form field or a line of documentation. The limits of
    a text, list or object are those of its length."""

    name: str
    type: SettingType
    description: str
    minimum: float | None = None
    maximum: float | None = None
    common: bool = False
    """Shown first in forms."""
    choices: tuple[str, ...] = ()
    """Of a text: what it may be."""

    def check(self, value: Any) -> Any:
        """The value in its own type; raises BadRequest naming the setting and what it takes."""
        checked = _CHECKS[self.type](value)
        if checked is None or not self._within(checked):
            raise BadRequest(f"{self.name} = {value!r} does not fit: {self.expected()}.", hint=self.description)
        return checked

    def expected(self) -> str:
        if self.choices:
            return f"it is one of {', '.join(self.choices)}"
        low, high = self.minimum, self.maximum
        limits = f" from {low:g}" if low is not None else ""
        limits += f" to {high:g}" if high is not None else ""
        return f"it takes {_WORDS[self.type]}{limits}"

    def schema(self) -> dict[str, Any]:
        """The setting in JSON Schema."""
        low, high = _LIMITS[self.type]
        limits = {low: self.minimum, high: self.maximum}
        given: dict[str, Any] = {name: limit for name, limit in limits.items() if limit is not None}
        given |= {"enum": list(self.choices)} if self.choices else {}
        return {**_SCHEMAS[self.type], "description": self.description, **given}

    def _within(self, value: Any) -> bool:
        if self.choices and value not in self.choices:
            return False
        size = len(value) if isinstance(value, (list, dict, str)) else value
        return (self.minimum is None or size >= self.minimum) and (self.maximum is None or size <= self.maximum)


@dataclass(frozen=True, slots=True)
class Example:
    """A call that works, for the page to offer and for the tests to check."""

    title: str
    call: str
    inputs: Mapping[str, Any]
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """A task family. `inputs` holds, for each of its calls, what that call takes; `models` are the kinds of model
    that can do it, by the task the hub gives them."""

    name: str
    title: str
    inputs: Mapping[str, type[Inputs]]
    models: frozenset[str]
    settings: tuple[Setting, ...] = ()
    shown: Shown = "text"
    examples: tuple[Example, ...] = ()
    by_name: Mapping[str, Setting] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {setting.name: setting for setting in self.settings})

    @property
    def calls(self) -> tuple[str, ...]:
        return tuple(self.inputs)

    def check_inputs(self, call: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """What was given, in its own types. Raises UnknownField or BadRequest, naming the field."""
        try:
            return self.inputs[call].model_validate(inputs).model_dump(exclude_unset=True)
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in problem["loc"])
            if problem["type"] == "extra_forbidden":
                hint = f"It takes: {', '.join(self.inputs[call].model_fields)}."
                raise UnknownField(f"{call} takes no {where!r}.", hint=hint, field=where) from None
            raise BadRequest(f"{where} does not fit: {problem['msg']}.", field=where) from None

    def check_settings(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The settings in their own types; None means unset. Raises UnknownField with the nearest name, or
        BadRequest."""
        by_name = self.by_name
        checked: dict[str, Any] = {}
        for name, value in settings.items():
            if name not in by_name:
                near = get_close_matches(name, by_name, 1)
                hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(by_name) or 'none'}."
                raise UnknownField(f"There is no {self.title.lower()} setting {name!r}.", hint=hint, field=name)
            if value is not None:
                checked[name] = by_name[name].check(value)
        return checked

    def schema(self, call: str) -> dict[str, Any]:
        """One call's inputs and settings in JSON Schema, for forms and for other programs."""
        settings = {setting.name: setting.schema() for setting in self.settings}
        return {
            "inputs": self.inputs[call].model_json_schema(),
            "settings": {"type": "object", "properties": settings, "additionalProperties": False},
        }


def _number(value: Any) -> float | None:
    fits = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if fits else None


def _integer(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number == int(number) else None


def _texts(value: Any) -> list[str] | None:
    texts = [value] if isinstance(value, str) else value
    fits = isinstance(texts, list) and all(isinstance(text, str) and text for text in texts)
    return texts if fits else None


_CHECKS: Mapping[SettingType, Any] = {
    "number": _number,
    "integer": _integer,
    "boolean": lambda value: value if isinstance(value, bool) else None,
    "text": lambda value: value if isinstance(value, str) else None,
    "list": _texts,
    "object": lambda value: value if isinstance(value, dict) else None,
}
_WORDS: Mapping[SettingType, str] = {
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "text": "text",
    "list": "a text or a list of non-empty texts; its length",
    "object": "an object",
}
_SCHEMAS: Mapping[SettingType, dict[str, Any]] = {
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "text": {"type": "string"},
    "list": {"type": "array", "items": {"type": "string", "minLength": 1}},
    "object": {"type": "object"},
}
_LIMITS: Mapping[SettingType, tuple[str, str]] = {
    "number": ("minimum", "maximum"),
    "integer": ("minimum", "maximum"),
    "boolean": ("minimum", "maximum"),
    "text": ("minLength", "maxLength"),
    "list": ("minItems", "maxItems"),
    "object": ("minProperties", "maxProperties"),
}
