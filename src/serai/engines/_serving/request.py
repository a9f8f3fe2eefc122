"""What a call asks of the model, read from the body of an OpenAI-style request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from serai.engines._serving import grammars, messages
from serai.engines._serving.refused import Refused
from serai.engines._serving.sampling import Sampling, settings_from

_SPELLINGS = {"repeat_penalty": "repetition_penalty", "typ_p": "typical_p", "max_completion_tokens": "max_tokens"}
_SAMPLING = frozenset(Sampling.__dataclass_fields__)
_OTHERS = {"max_tokens", "stop", "logprobs", "top_logprobs", "grammar", "response_format"}
_OTHERS |= {"messages", "prompt", "suffix", "tools", "tool_choice", "parallel_tool_calls", "chat_template_kwargs"}
_TRANSPORT = {"stream", "stream_options", "return_progress", "cache_prompt", "model", "user", "timings_per_token"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`messages` for a chat, else `prompt`, as text or as tokens; `suffix` comes after the gap that is to be filled.
    `logprobs` is how many alternatives are wanted, None for no probabilities at all; `grammar` is in llguidance's form;
    `pictures` are those of the messages, in their order."""

    prompt: str | tuple[int, ...] = ""
    suffix: str | None = None
    messages: Sequence[Mapping[str, Any]] = ()
    tools: Sequence[Mapping[str, Any]] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    sampling: Sampling = field(default_factory=Sampling)
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    logprobs: int | None = None
    grammar: str | None = None
    pictures: tuple[bytes, ...] = ()


def read(body: Any) -> Request:
    """The request. Raises Refused, naming what is not known or does not fit."""
    if not isinstance(body, dict):
        raise Refused("The request must be an object.")
    given: dict[str, Any] = {_SPELLINGS.get(str(name), str(name)): value for name, value in body.items()}
    given = {name: value for name, value in given.items() if value is not None}
    if unknown := sorted(given.keys() - _SAMPLING - _OTHERS - _TRANSPORT):
        raise Refused(f"This engine does not know the setting {', '.join(unknown)}.")
    tools = given.get("tools") or ()
    tools = () if given.get("tool_choice") == "none" else tools
    pictures: list[bytes] = []
    try:
        return Request(
            prompt=_prompt(given.get("prompt", "")),
            suffix=given.get("suffix"),
            messages=tuple(messages.read(message, pictures) for message in given.get("messages", ())),
            tools=tuple(tools),
            variables=dict(given.get("chat_template_kwargs") or {}),
            sampling=settings_from(given | {"logit_bias": _biases(given.get("logit_bias") or {})}),
            max_tokens=given.get("max_tokens"),
            stop=_stops(given.get("stop", ())),
            logprobs=_alternatives(given),
            grammar=grammars.wanted(given),
            pictures=tuple(pictures),
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise Refused(f"The request does not fit: {error}.") from error


def _prompt(prompt: Any) -> str | tuple[int, ...]:
    if isinstance(prompt, list) and all(isinstance(token, int) for token in prompt):
        return tuple(prompt)
    if not isinstance(prompt, str):
        raise Refused("The prompt must be text, or a list of tokens.")
    return prompt


def _alternatives(given: Mapping[str, Any]) -> int | None:
    """A chat says whether, and how many; a completion says how many at once."""
    said = given.get("logprobs")
    if said is None or said is False:
        return None
    return int(given.get("top_logprobs", 0)) if said is True else int(said)


def _stops(stop: Any) -> tuple[str, ...]:
    return (stop,) if isinstance(stop, str) else tuple(str(text) for text in stop)


def _biases(given: Any) -> dict[int, float]:
    """By token id; `false` or -100 and less forbids one. llama.cpp's list of pairs is taken too."""
    pairs = given.items() if isinstance(given, dict) else given
    return {int(token): float("-inf") if value is False else float(value) for token, value in pairs}
