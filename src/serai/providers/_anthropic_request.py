"""From a Call to the body of a request for a message, as Anthropic has it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serai.errors import BadRequest, WrongTask
from serai.providers import _anthropic_messages as chats
from serai.providers import _spelling
from serai.tasks import text_generation
from serai.types import CHAT, Call

VERSION = "2023-06-01"
"""The newest that takes temperature, top_p and top_k; models that have none refuse them in either."""

_SPELLING = {
    **{name: name for name in ("temperature", "top_p", "top_k")},
    "stop": "stop_sequences",
}
_OTHERS = ("max_tokens", "system", "reasoning", "reasoning_budget", "response_format")

_LEAST_BUDGET = 1024
_MOST = 32_000
"""The longest answer where nobody says another: what every model of today can write."""
_OLDER = (("claude-3-7", _MOST), ("claude-3-5", 8192), ("claude-3", 4096))
"""What models can write whose list does not say it."""
_FOREIGN = 8192
"""What those of others can that speak the same language."""


def body(service: str, call: Call, model: str, facts: Mapping[str, Any], recall: chats.Recall) -> dict[str, Any]:
    """`facts` is what the service lists of the model, empty where it does not. Raises WrongTask, UnknownField or
    BadRequest for what the asker got wrong or the service does not have."""
    if call.task != CHAT:
        raise WrongTask(f"{service} does not do {call.task}.", hint="It chats.", task=call.task)
    inputs = text_generation.TASK.check_inputs(CHAT, call.inputs)
    settings = _spelling.checked(service, text_generation.check(call.settings), (*_SPELLING, *_OTHERS))
    longest = settings.get("max_tokens") or _longest(model, facts)
    system, rest = chats.split(inputs["messages"], settings.get("system"))
    first = len(inputs["messages"]) - len(rest)
    return {
        "model": model,
        "stream": True,
        "max_tokens": longest,
        "messages": chats.turned(rest, first, recall),
        **({"system": system} if system else {}),
        **{_SPELLING[name]: value for name, value in settings.items() if name in _SPELLING},
        **_thinking(service, settings, longest, facts),
        **_format(service, settings.get("response_format") or {}),
        **chats.tools(inputs),
    }


def _longest(model: str, facts: Mapping[str, Any]) -> int:
    """The service wants to be told; what the model can is meant, up to a bound that no answer needs."""
    told = facts.get("max_tokens")
    if isinstance(told, int) and told > 0:
        return min(told, _MOST)
    if not model.startswith("claude-"):
        return _FOREIGN
    return next((most for start, most in _OLDER if model.startswith(start)), _MOST)


def _thinking(service: str, settings: Mapping[str, Any], longest: int, facts: Mapping[str, Any]) -> dict[str, Any]:
    wanted, budget = settings.get("reasoning"), settings.get("reasoning_budget", -1)
    if wanted is None and "reasoning_budget" not in settings:
        return {}
    if not wanted and (wanted is False or budget == 0):
        return {"thinking": {"type": "disabled"}} if _takes(facts, "disabled") is not False else {}
    if budget < 0 and _takes(facts, "adaptive"):
        return {"thinking": {"type": "adaptive"}}
    if _takes(facts, "enabled") is False:
        hint = "Leave reasoning_budget out, or choose a model that thinks."
        raise BadRequest(f"{service} has no such thinking for this model.", hint=hint, field="reasoning")
    budget = max(_LEAST_BUDGET, longest // 2) if budget < 0 else budget
    if not _LEAST_BUDGET <= budget < longest:
        text = f"{service} thinks with {_LEAST_BUDGET:,} tokens at least, and max_tokens must be more than that."
        raise BadRequest(text, hint="Raise max_tokens, or switch reasoning off.", field="max_tokens")
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}


def _takes(facts: Mapping[str, Any], kind: str) -> bool | None:
    """Whether the model takes this kind of thinking; None where that is not told."""
    types = ((facts.get("capabilities") or {}).get("thinking") or {}).get("types") or {}
    told = (types.get(kind) or {}).get("supported")
    return told if isinstance(told, bool) else None


def _format(service: str, shape: Mapping[str, Any]) -> dict[str, Any]:
    kind = shape.get("type", "text")
    if kind == "text":
        return {}
    if kind != "json_schema":
        hint = "Give a json_schema."
        raise BadRequest(f"{service} does not write {kind}.", hint=hint, field="response_format")
    return {"output_config": {"format": {"type": "json_schema", "schema": shape["json_schema"]["schema"]}}}
