"""From a neutral Call to the body of an OpenAI-style request, as local engines take it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from serai.errors import BadRequest
from serai.tasks import text_generation
from serai.types import CHAT, TEXT_GENERATION, Call, Model

PATHS = {CHAT: "/v1/chat/completions", TEXT_GENERATION: "/v1/completions"}


def _same(name: str) -> Callable[[Any], dict[str, Any]]:
    return lambda value: {name: value}


_SETTINGS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    **{name: _same(name) for name in text_generation.BY_NAME},
    "repetition_penalty": _same("repeat_penalty"),
    "reasoning": lambda value: {"chat_template_kwargs": {"enable_thinking": value}},
}
"""How each setting is spelled on the wire; those not named here keep their name."""


def body(call: Call, model: Model) -> dict[str, Any]:
    """The request's body: the model's own settings under those of the call. Raises BadRequest on what cannot be."""
    settings = text_generation.check({**model.settings, **call.settings})
    request: dict[str, Any] = {
        "stream": True,
        "stream_options": {"include_usage": True},
        # A cancelled call is noticed when something is written to it: so also while the prompt is being read.
        "return_progress": True,
        "cache_prompt": True,
    }
    for name, value in settings.items():
        request |= _SETTINGS[name](value)
    return request | _inputs(call)


def _inputs(call: Call) -> dict[str, Any]:
    if call.task == CHAT:
        if not call.inputs.get("messages"):
            raise BadRequest("A chat needs at least one message.", field="messages")
        wanted = ("messages", "tools", "tool_choice", "parallel_tool_calls")
        return {name: call.inputs[name] for name in wanted if call.inputs.get(name) is not None}
    if call.task == TEXT_GENERATION:
        if not isinstance(call.inputs.get("inputs"), str):
            raise BadRequest("Text generation takes its prompt as text in `inputs`.", field="inputs")
        return {"prompt": call.inputs["inputs"]}
    raise BadRequest(f"Local text models do not do {call.task}.", field="task")
