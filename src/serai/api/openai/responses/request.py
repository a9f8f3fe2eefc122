"""A request for a response: its fields to a Call, and to what the answer says of them again. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from serai.api.openai import fields
from serai.api.openai.fields import EFFORTS, Field, Refusals, fault
from serai.api.openai.request import check_format, ignored_header
from serai.api.openai.responses import items
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
    tools, choice = _tools(known)
    shape = _format(known.get("text") or {})
    logprobs = LOGPROBS in known.get("include", ()) or bool(known.get("top_logprobs"))
    settings = _thinks(known) | settings | _settings(known, shape, logprobs=logprobs)
    parallel = known.get("parallel_tool_calls", True)
    call = Call(
        task=CHAT,
        model=known.get("model") or AUTO,
        inputs={"messages": [], **_calls(tools, choice, parallel=parallel)},
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
    if not isinstance(shape, dict):
        raise fault("text.format", "text.format must be an object.")
    if shape.get("type") == "json_schema":
        inner = {name: shape[name] for name in ("name", "description", "schema", "strict") if name in shape}
        shape = {"type": "json_schema", "json_schema": inner}
    check_format(shape)
    return shape


def _tools(known: Mapping[str, Any]) -> tuple[list[dict[str, Any]], Any]:
    """The tools in the neutral form, and the choice among them. Raises BadRequest for tools that are not functions."""
    made = [_tool(tool, index) for index, tool in enumerate(known.get("tools", ()))]
    choice = known.get("tool_choice")
    if not isinstance(choice, dict):
        return made, choice
    if choice.get("type") == "function":
        return made, {"type": "function", "function": {"name": choice.get("name")}}
    if choice.get("type") == "allowed_tools" and isinstance(choice.get("tools"), list):
        names = {tool.get("name") for tool in choice["tools"] if isinstance(tool, dict)}
        return [tool for tool in made if tool["function"]["name"] in names], choice.get("mode", "auto")
    raise fault("tool_choice", "tool_choice must be none, auto, required, a function or allowed_tools.")


def _tool(tool: Any, index: int) -> dict[str, Any]:
    place = f"tools[{index}]"
    kind = tool.get("type") if isinstance(tool, dict) else None
    if kind != "function":
        raise fault(place, f"{place} is {str(kind)[:40]!r}, which cannot be honoured: Serai takes functions.")
    if not isinstance(tool.get("name"), str):
        raise fault(f"{place}.name", f"{place}.name must be a text.")
    kept = {name: tool[name] for name in ("name", "description", "parameters", "strict") if tool.get(name) is not None}
    return {"type": "function", "function": kept}


def _calls(tools: list[dict[str, Any]], choice: Any, *, parallel: bool) -> dict[str, Any]:
    said = {"tools": tools or None, "tool_choice": choice, "parallel_tool_calls": parallel if tools else None}
    return {name: value for name, value in said.items() if value is not None}


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
