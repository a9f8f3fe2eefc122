"""Text generation and chat: the settings a caller may set, what each means, and their checking."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from serai.errors import BadRequest, UnknownField
from serai.types import CHAT, TEXT_GENERATION

SettingType = Literal["number", "integer", "boolean", "text", "list", "object"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One generation setting: enough to check it, and to draw a form field or a line of documentation."""

    name: str
    type: SettingType
    description: str
    minimum: float | None = None
    maximum: float | None = None
    common: bool = False
    """Shown first in forms."""

    def check(self, value: Any) -> Any:
        """The value in its own type; raises BadRequest naming the setting and what it takes."""
        checked = _CHECKS[self.type](value)
        if checked is None or not self._within(checked):
            raise BadRequest(f"{self.name} = {value!r} does not fit: {self.expected()}.", hint=self.description)
        return checked

    def expected(self) -> str:
        low, high = self.minimum, self.maximum
        limits = f" from {low:g}" if low is not None else ""
        limits += f" to {high:g}" if high is not None else ""
        return f"it takes {_WORDS[self.type]}{limits}"

    def _within(self, value: Any) -> bool:
        size = len(value) if isinstance(value, (list, dict, str)) else value
        return (self.minimum is None or size >= self.minimum) and (self.maximum is None or size <= self.maximum)


@dataclass(frozen=True, slots=True)
class Task:
    """A task family: its name, the calls that belong to it, the models that can do it, and its settings."""

    name: str
    title: str
    calls: tuple[str, ...]
    models: frozenset[str]
    settings: tuple[Setting, ...]


def _number(value: Any) -> float | None:
    fits = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if fits else None


def _integer(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number == int(number) else None


def _stops(value: Any) -> list[str] | None:
    stops = [value] if isinstance(value, str) else value
    fits = isinstance(stops, list) and all(isinstance(stop, str) and stop for stop in stops)
    return stops if fits else None


_CHECKS: Mapping[SettingType, Any] = {
    "number": _number,
    "integer": _integer,
    "boolean": lambda value: value if isinstance(value, bool) else None,
    "text": lambda value: value if isinstance(value, str) else None,
    "list": _stops,
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

SETTINGS: tuple[Setting, ...] = (
    Setting("temperature", "number", "How freely words are chosen; 0 always takes the likeliest.", 0, 5, common=True),
    Setting("top_p", "number", "Choose among the likeliest words that together reach this share.", 0, 1, common=True),
    Setting("top_k", "integer", "Choose among this many likeliest words; 0 among all.", 0, 1_000_000, common=True),
    Setting("min_p", "number", "Leave out words less likely than this share of the likeliest.", 0, 1, common=True),
    Setting("repetition_penalty", "number", "Above 1: avoid words that were used just before.", 0.01, 10, common=True),
    Setting("presence_penalty", "number", "Above 0: avoid words that were used at all.", -2, 2, common=True),
    Setting("frequency_penalty", "number", "Above 0: avoid words by how often they came.", -2, 2, common=True),
    Setting("seed", "integer", "The same seed and settings give the same answer.", 0, 2**32 - 2, common=True),
    Setting("max_tokens", "integer", "Longest answer, in tokens; unset: up to the end of the context.", 1, common=True),
    Setting("stop", "list", "Texts at which the answer ends.", 0, 64, common=True),
    Setting("logit_bias", "object", "Token ids and how much likelier (up to 100) or less likely each becomes."),
    Setting("logprobs", "boolean", "Give the log probability of every token."),
    Setting("top_logprobs", "integer", "Give this many alternatives for every token; needs logprobs.", 0, 20),
    Setting("grammar", "text", "A GBNF grammar that the answer must follow."),
    Setting("response_format", "object", "json_object, or json_schema with a schema that the answer must follow."),
    Setting("reasoning", "boolean", "Whether a model that can think before it answers does so."),
)

BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}

TASK = Task(
    name=TEXT_GENERATION,
    title="Text generation",
    calls=(CHAT, TEXT_GENERATION),
    models=frozenset({TEXT_GENERATION, CHAT, "conversational", "image-text-to-text", "any-to-any"}),
    settings=SETTINGS,
)


def check(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings in their own types; None means unset. Raises UnknownField with the nearest name, or BadRequest."""
    checked: dict[str, Any] = {}
    for name, value in settings.items():
        setting = BY_NAME.get(name)
        if setting is None:
            near = get_close_matches(name, BY_NAME, 1)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(BY_NAME)}."
            raise UnknownField(f"There is no generation setting {name!r}.", hint=hint, field=name)
        if value is not None:
            checked[name] = setting.check(value)
    if checked.get("top_logprobs") and not checked.get("logprobs"):
        raise BadRequest("top_logprobs needs logprobs to be true.", field="top_logprobs")
    if "grammar" in checked and checked.get("response_format", {}).get("type", "text") != "text":
        raise BadRequest("Give either a grammar or a response_format, not both.", field="grammar")
    return checked
