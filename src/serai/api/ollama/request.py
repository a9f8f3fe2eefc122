"""Ollama's chat and generate requests to Calls. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from serai.api.body import fault, kind
from serai.api.ollama import messages, names, options
from serai.tasks import text_generation
from serai.types import CHAT, TEXT_GENERATION, Call, Principal

_SHARED: tuple[str, ...] = ("model", "name", "stream", "options", "keep_alive", "format", "think", "truncate")
_SHARED += ("logprobs", "top_logprobs")
_FIELDS = {
    "chat": frozenset({*_SHARED, "messages", "tools"}),
    "generate": frozenset({*_SHARED, "prompt", "suffix", "system", "template", "context", "raw", "images"}),
}
_LEVELS = ("low", "medium", "high", "max")
_PICTURES = ("width", "height", "steps")


@dataclass(frozen=True, slots=True)
class Asked:
    """The call (none where the model is only to be loaded, or unloaded) and how the answer is wanted. `model` is its
    name as it was asked for, `keep` how long it stays loaded."""

    form: Literal["chat", "generate"]
    model: str
    call: Call | None
    stream: bool
    keep: float | None
    ignored: Sequence[str]


def chat(body: Mapping[str, Any], who: Principal) -> Asked:
    """Raises BadRequest with the field's name as `param` for whatever does not fit or cannot be honoured."""
    known, ignored = _sorted(body, "chat")
    given = kind("messages", known.get("messages", []), list, "a list of messages")
    inputs = {"messages": messages.read(given), **messages.tools(known.get("tools", []))} if given else None
    return _asked("chat", known, ignored, CHAT, inputs, who)


def generate(body: Mapping[str, Any], who: Principal) -> Asked:
    """The same for a prompt: raw, or as a chat's question."""
    known, ignored = _sorted(body, "generate")
    prompt = kind("prompt", known.get("prompt", ""), str, "a text")
    suffix = kind("suffix", known.get("suffix", ""), str, "a text")
    system = kind("system", known.get("system", ""), str, "a text")
    pictures = messages.pictures("images", known.get("images", []))
    _refuse_unless_empty(known, "template", "A model answers by the template in its own file.")
    _refuse_unless_empty(known, "context", "Send the conversation with /api/chat.")
    raw = kind("raw", known.get("raw", False), bool, "true or false")
    if not prompt and not pictures and not suffix:
        return _asked("generate", known, ignored, CHAT, None, who)
    if raw or suffix:
        if system or pictures:
            raise fault("raw", "A raw prompt, or one with a suffix, takes neither system nor images.")
        inputs: dict[str, Any] = {"inputs": prompt, **({"suffix": suffix} if suffix else {})}
        return _asked("generate", known, ignored, TEXT_GENERATION, inputs, who)
    told = [{"role": "system", "content": system}] if system else []
    content = [{"type": "text", "text": prompt}, *pictures] if pictures else prompt
    inputs = {"messages": [*told, {"role": "user", "content": content}]}
    return _asked("generate", known, ignored, CHAT, inputs, who)


def _sorted(body: Mapping[str, Any], form: str) -> tuple[dict[str, Any], list[str]]:
    """The fields that are known, and the names of the others. Null is the same as not there."""
    given = {name: value for name, value in body.items() if value is not None}
    for name in _PICTURES:
        if given.pop(name, 0):
            raise fault(name, f"{name} cannot be honoured: this call makes no pictures.")
    known = {name: value for name, value in given.items() if name in _FIELDS[form]}
    return known, [name for name in given if name not in known]


def _refuse_unless_empty(known: Mapping[str, Any], name: str, why: str) -> None:
    if known.get(name):
        raise fault(name, f"{name} cannot be honoured. {why}")


def _asked(
    form: Literal["chat", "generate"],
    known: Mapping[str, Any],
    ignored: list[str],
    task: str,
    inputs: Mapping[str, Any] | None,
    who: Principal,
) -> Asked:
    wished = options.read(kind("options", known.get("options", {}), dict, "an object"))
    settings = wished.settings | _format(known) | _thinking(known, ignored) | _probabilities(known) | _shortening(known)
    name = names.asked(dict(known))
    call = None
    if inputs is not None:
        checked = text_generation.check(settings)
        call = Call(task=task, model=name, inputs=inputs, settings=checked, principal=who, loading=wished.loading)
    return Asked(
        form=form,
        model=str(known.get("model") or known.get("name")),
        call=call,
        stream=kind("stream", known.get("stream", True), bool, "true or false"),
        keep=options.keep_alive(known.get("keep_alive")),
        ignored=[*ignored, *wished.ignored],
    )


def _format(known: Mapping[str, Any]) -> dict[str, Any]:
    shape = known.get("format", "")
    if shape == "":
        return {}
    if shape == "json":
        return {"response_format": {"type": "json_object"}}
    kind("format", shape, dict, "json or a JSON schema")
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": shape}}}


def _shortening(known: Mapping[str, Any]) -> dict[str, Any]:
    """Of a chat that is too long the oldest turns may be left out, where that is said; the answer tells how many."""
    wanted = known.get("truncate")
    if wanted is None:
        return {}
    return {"truncation": "oldest" if kind("truncate", wanted, bool, "true or false") else "refuse"}


def _thinking(known: Mapping[str, Any], ignored: list[str]) -> dict[str, Any]:
    think = known.get("think")
    if think is None or think == "":
        return {}
    if isinstance(think, bool):
        return {"reasoning": think}
    if think not in _LEVELS:
        raise fault("think", f"think must be true, false or one of {', '.join(_LEVELS)}.")
    ignored.append("think")  # a model thinks or not; how much is its own affair
    return {"reasoning": True}


def _probabilities(known: Mapping[str, Any]) -> dict[str, Any]:
    wanted = kind("logprobs", known.get("logprobs", False), bool, "true or false")
    most = kind("top_logprobs", known.get("top_logprobs", 0), int, "a whole number")
    return {"logprobs": True, **({"top_logprobs": most} if most else {})} if wanted else {}
