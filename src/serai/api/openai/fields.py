"""The fields of OpenAI's chat completion request: what each must be, and what becomes of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from serai.api.openai import many
from serai.errors import BadRequest
from serai.tasks import text_generation
from serai.tasks.text_generation import BY_NAME

Check = Callable[[Any], bool]
Refusals = Mapping[str, tuple[Check, str]]


class Field(NamedTuple):
    """A field that is no generation setting."""

    expected: str
    kinds: tuple[type, ...]
    fits: Check = lambda _: True

    def takes(self, value: Any) -> bool:
        truth = isinstance(value, bool) and bool not in self.kinds  # which Python takes for a number
        return isinstance(value, self.kinds) and not truth and self.fits(value)


EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh")
"""How much a model thinks. Serai can have it think or not; how long, the setting `reasoning_budget` says."""

FIELDS: Mapping[str, Field] = {
    "model": Field("a model's name", (str,)),
    "messages": Field("a list of messages", (list,)),
    "stream": Field("true or false", (bool,)),
    "stream_options": Field("an object", (dict,)),
    "tools": Field("a list of tools", (list,)),
    "tool_choice": Field("none, auto, required or a tool", (str, dict)),
    "parallel_tool_calls": Field("true or false", (bool,)),
    "reasoning_effort": Field("none, minimal, low, medium, high or xhigh", (str,), lambda value: value in EFFORTS),
    "n": Field(f"a whole number from 1 to {many.MOST}", (int,), lambda value: 1 <= value <= many.MOST),
}

ALIASES: Mapping[str, str] = {"max_completion_tokens": "max_tokens", "repeat_penalty": "repetition_penalty"}
"""Other spellings of generation settings; all settings of the task go by their own names too."""

REFUSED: Refusals = {
    "modalities": (lambda value: value == ["text"], "Serai answers a chat with text only."),
    "audio": (lambda _: False, "Serai answers a chat with text only."),
    "functions": (lambda _: False, "Use `tools`, which took its place."),
    "function_call": (lambda _: False, "Use `tool_choice`, which took its place."),
    "web_search_options": (lambda _: False, "Serai does not search the web."),
    "best_of": (lambda value: value == 1, "A chat has `n` answers, and gives them all."),
    "prediction": (lambda _: False, "Serai finds what repeats itself without it."),
    "moderation": (lambda _: False, "Serai does not moderate chats."),
    "suffix": (lambda _: False, "A chat has no suffix."),
    "echo": (lambda value: value is False, "A chat is not repeated in its answer."),
}
"""Known fields that would change the answer and cannot be honoured, unless they say what holds anyway."""


class Fields(NamedTuple):
    """A request's fields, sorted: known ones, generation settings in neutral spelling, and those without effect."""

    known: dict[str, Any]
    settings: dict[str, Any]
    ignored: list[str]


def fault(param: str, message: str) -> BadRequest:
    return BadRequest(message, param=param)


def read(body: Mapping[str, Any], kinds: Mapping[str, Field] = FIELDS, refused: Refusals | None = None) -> Fields:
    """Raises BadRequest with the field's name as `param`. Null is the same as not there, as OpenAI has it."""
    fields = Fields({}, {}, [])
    for name, value in body.items():
        if value is not None:
            _sort(fields, name, value, kinds, REFUSED if refused is None else refused)
    text_generation.check(fields.settings)
    return fields


def _sort(fields: Fields, name: str, value: Any, kinds: Mapping[str, Field], refused: Refusals) -> None:
    setting = ALIASES.get(name, name)
    if name in kinds:
        if not kinds[name].takes(value):
            raise fault(name, f"{name} must be {kinds[name].expected}.")
        fields.known[name] = value
    elif setting in BY_NAME:
        checked = _setting(name, setting, value)
        if fields.settings.setdefault(setting, checked) != checked:
            raise fault(name, f"{name} and its other spelling say different things.")
    elif name in refused:
        holds, reason = refused[name]
        if not holds(value):
            raise fault(name, f"{name} cannot be honoured. {reason}")
    else:
        fields.ignored.append(name)


def _setting(name: str, setting: str, value: Any) -> Any:
    try:
        return BY_NAME[setting].check(value)
    except BadRequest as error:
        raise fault(name, f"{name} does not fit: {BY_NAME[setting].expected()}.") from error
