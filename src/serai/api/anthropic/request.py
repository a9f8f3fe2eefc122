"""A messages request to a Call. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from serai.api.anthropic import content, fields, tools
from serai.api.body import fault, kind
from serai.tasks import text_generation
from serai.types import CHAT, TOKEN_COUNT, Call, Principal

_LEAST_BUDGET = 1024
_MOST_STOPS = 64


@dataclass(frozen=True, slots=True)
class Asked:
    """The call, and how the answer is wanted: `stops` are the asker's own, `shown` whether its thoughts are."""

    call: Call
    stream: bool
    stops: Sequence[str]
    shown: bool
    ignored: Sequence[str]


def read(body: Mapping[str, Any], who: Principal) -> Asked:
    """Raises BadRequest with the field's name as `param` for whatever does not fit or cannot be honoured."""
    asked = fields.read(body)
    known = asked.known
    _require(known, "model", "max_tokens", "messages")
    settings = asked.settings | {"max_tokens": known["max_tokens"]} | _thinking(known) | _format(known, asked.ignored)
    settings |= {name: known[name] for name in ("temperature", "top_p", "top_k") if name in known}
    stops = known.get("stop_sequences", [])
    if not all(isinstance(stop, str) and stop for stop in stops) or len(stops) > _MOST_STOPS:
        raise fault("stop_sequences", f"stop_sequences must be at most {_MOST_STOPS} texts, none of them empty.")
    settings |= {"stop": stops} if stops else {}
    checked = text_generation.check(settings)
    return Asked(
        call=Call(task=CHAT, model=known["model"], inputs=_inputs(asked), settings=checked, principal=who),
        stream=known.get("stream", False),
        stops=stops,
        shown=known.get("thinking", {}).get("display") != "omitted",
        ignored=asked.ignored,
    )


def count(body: Mapping[str, Any], who: Principal) -> tuple[Call, Sequence[str]]:
    """A request to count tokens, and its fields without effect. Raises BadRequest."""
    asked = fields.read(body)
    _require(asked.known, "model", "messages")
    settings = _thinking(asked.known, counting=True)
    call = Call(task=TOKEN_COUNT, model=asked.known["model"], inputs=_inputs(asked), settings=settings, principal=who)
    return call, asked.ignored


def _require(known: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if name not in known:
            raise fault(name, f"{name}: Field required")


def _inputs(asked: fields.Fields) -> dict[str, Any]:
    told = content.system(asked.known.get("system", ""))
    return {"messages": [*told, *content.read(asked.known["messages"], asked.ignored)], **tools.read(asked.known)}


def _thinking(known: Mapping[str, Any], *, counting: bool = False) -> dict[str, Any]:
    """Who does not ask for thoughts gets none, as there."""
    wanted = known.get("thinking", {"type": "disabled"})
    what = wanted.get("type")
    if what == "disabled":
        return {"reasoning": False}
    if what in ("adaptive", "between_tools"):
        return {"reasoning": True}
    if what != "enabled":
        raise fault("thinking.type", "thinking.type must be enabled, adaptive or disabled.")
    budget = kind("thinking.budget_tokens", wanted.get("budget_tokens"), int, f"a whole number from {_LEAST_BUDGET}")
    if budget < _LEAST_BUDGET:
        raise fault("thinking.budget_tokens", f"thinking.budget_tokens must be at least {_LEAST_BUDGET}.")
    if not counting and budget >= known["max_tokens"]:
        raise fault("max_tokens", "max_tokens must be greater than thinking.budget_tokens.")
    return {"reasoning": True} if counting else {"reasoning": True, "reasoning_budget": budget}


def _format(known: Mapping[str, Any], ignored: list[str]) -> dict[str, Any]:
    config = known.get("output_config", {})
    ignored.extend(f"output_config.{name}" for name in config if name != "format")
    shape = config.get("format")
    if shape is None:
        return {}
    place = "output_config.format"
    kind(place, shape, dict, "an object")
    if shape.get("type") != "json_schema" or not isinstance(shape.get("schema"), dict):
        raise fault(place, f"{place} must be of the type json_schema and have a schema.")
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": shape["schema"]}}}
