"""A request for a response: its fields to a Call, and to what the answer says of them again. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from serai.api.body import ignored as ignored_header
from serai.api.openai import fields
from serai.api.openai.fields import EFFORTS, Field, Refusals, fault
from serai.api.openai.responses import items, tools
from serai.api.openai.responses.items import Item
from serai.types import AUTO, CHAT, Call, Principal

LOGPROBS = "message.output_text.logprobs"


def _is_metadata(value: Mapping[str, Any]) -> bool:
    return len(value) <= 16 and all(
        isinstance(text, str) and len(text) <= 512 and len(name) <= 64 for name, text in value.items()
    )


FIELDS: Mapping[str, Field] = {
    "model": fields.FIELDS["model"],
    "input": Field("a text or a list of items", (str, list)),
    "instructions": Field("a text", (str,)),
    "stream": fields.FIELDS["stream"],
    "store": Field("true or false", (bool,)),
    "previous_response_id": Field("the id of a response", (str,)),
    "tools": fields.FIELDS["tools"],
    "tool_choice": fields.FIELDS["tool_choice"],
    "parallel_tool_calls": fields.FIELDS["parallel_tool_calls"],
    "text": Field("an object", (dict,)),
    "reasoning": Field("an object", (dict,)),
    "include": Field("a list of texts", (list,), lambda value: all(isinstance(one, str) for one in value)),
    "max_output_tokens": Field("a whole number from 1", (int,), lambda value: value >= 1),
    "top_logprobs": Field("a whole number from 0 to 20", (int,), lambda value: 0 <= value <= 20),
    "truncation": Field("auto or disabled", (str,), lambda value: value in ("auto", "disabled")),
    "metadata": Field("an object of at most 16 texts", (dict,), _is_metadata),
    "user": Field("a text", (str,)),
    "safety_identifier": Field("a text", (str,)),
    "prompt_cache_key": Field("a text", (str,)),
}

REFUSED: Refusals = {
    "background": (lambda value: value is False, "Serai answers while the connection lasts; make a batch for later."),
    "conversation": (lambda _: False, "Use previous_response_id, or send the whole conversation as input."),
    "prompt": (lambda _: False, "Serai keeps no templates of prompts; send the text itself."),
    "context_management": (lambda value: not value, "Use truncation, which leaves out the oldest turns."),
    "moderation": (lambda _: False, "Serai does not moderate responses."),
    "n": (lambda value: value == 1, "A response is one answer; chat completions have n."),
}
"""Known fields that would change the answer and cannot be honoured, unless they say what holds anyway."""

_ECHOED = ("instructions", "max_output_tokens", "previous_response_id", "user", "safety_identifier", "prompt_cache_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The call without the messages of former responses, the items that were asked, and how it is wanted. `base` is
    what the response says of its request."""

    call: Call
    input: Sequence[Item]
    instructions: str | None
    previous: str | None
    stream: bool
    store: bool
    logprobs: bool
    base: Mapping[str, Any]
    ignored: Sequence[str]

    @property
    def headers(self) -> dict[str, str]:
        return ignored_header(self.ignored)

    def of(self, inputs: Mapping[str, Any]) -> Asked:
        """The same, with these inputs."""
        return self if inputs is self.call.inputs else replace(self, call=replace(self.call, inputs=inputs))

    def after(self, former: Sequence[Item]) -> Asked:
        """The same, with the whole conversation before it in the call."""
        told = [{"role": "system", "content": self.instructions}] if self.instructions else []
        chat = {**self.call.inputs, "messages": told + items.messages([*former, *self.input])}
        return replace(self, call=replace(self.call, inputs=chat))


def read(body: Mapping[str, Any], who: Principal) -> Asked:
    """Raises BadRequest with the field's name as `param` for whatever does not fit or cannot be honoured."""
    known, settings, ignored = fields.read(body, FIELDS, REFUSED)
    asked = items.read(known.get("input"))
    shape = _format(known.get("text") or {})
    logprobs = LOGPROBS in known.get("include", ()) or bool(known.get("top_logprobs"))
    settings = _thinks(known) | settings | _settings(known, shape, logprobs=logprobs)
    call = Call(
        task=CHAT,
        model=known.get("model") or AUTO,
        inputs={"messages": [], **tools.wanted(known)},
        settings=settings,
        principal=who,
    )
    return Asked(
        call=call,
        input=asked,
        instructions=known.get("instructions"),
        previous=known.get("previous_response_id"),
        stream=known.get("stream", False),
        store=known.get("store", True),
        logprobs=logprobs,
        base=_base(known, settings),
        ignored=[*ignored, *_without_effect(known)],
    )


def _settings(known: Mapping[str, Any], shape: Mapping[str, Any] | None, *, logprobs: bool) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if "max_output_tokens" in known:
        said["max_tokens"] = known["max_output_tokens"]
    if "truncation" in known:
        said["truncation"] = "oldest" if known["truncation"] == "auto" else "refuse"
    if logprobs:
        said |= {"logprobs": True, "top_logprobs": known.get("top_logprobs", 0)}
    return said | ({"response_format": shape} if shape else {})


def _thinks(known: Mapping[str, Any]) -> dict[str, Any]:
    effort = (known.get("reasoning") or {}).get("effort")
    if effort is None:
        return {}
    if effort not in EFFORTS:
        raise fault("reasoning.effort", f"reasoning.effort must be one of {', '.join(EFFORTS)}.")
    return {"reasoning": effort != "none"}


def _format(text: Mapping[str, Any]) -> dict[str, Any] | None:
    """The neutral response format of `text.format`, in which a schema lies one level deeper."""
    shape = text.get("format")
    if shape is None or (isinstance(shape, dict) and shape.get("type") == "text"):
        return None
    kind = shape.get("type") if isinstance(shape, dict) else None
    if kind == "json_object":
        return {"type": kind}
    if kind != "json_schema":
        raise fault("text.format.type", "text.format.type must be text, json_object or json_schema.")
    if not isinstance(shape.get("schema"), dict):
        raise fault("text.format.schema", "text.format.schema must be a JSON schema.")
    inner = {name: shape[name] for name in ("name", "description", "schema", "strict") if name in shape}
    return {"type": kind, "json_schema": inner}


def _base(known: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """What the response repeats of its request; what was left out as it holds."""
    reasoning = known.get("reasoning") or {}
    return {
        **{name: known.get(name) for name in _ECHOED},
        "background": False,
        "metadata": known.get("metadata") or {},
        "parallel_tool_calls": known.get("parallel_tool_calls", True),
        "reasoning": {"effort": reasoning.get("effort"), "summary": None},
        "store": known.get("store", True),
        "temperature": settings.get("temperature"),
        "text": {"format": {"type": "text"}, **(known.get("text") or {})},
        "tool_choice": known.get("tool_choice", "auto"),
        "tools": [{"strict": None, "parameters": None, **tool} for tool in known.get("tools", ())],
        "top_logprobs": known.get("top_logprobs", 0),
        "top_p": settings.get("top_p"),
        "truncation": known.get("truncation", "disabled"),
    }


def _without_effect(known: Mapping[str, Any]) -> list[str]:
    named = [f"include.{one}" for one in known.get("include", ()) if one != LOGPROBS]
    named += [f"reasoning.{name}" for name in known.get("reasoning") or {} if name != "effort"]
    named += [f"text.{name}" for name in known.get("text") or {} if name != "format"]
    return named + [name for name in ("user", "safety_identifier", "prompt_cache_key") if name in known]
