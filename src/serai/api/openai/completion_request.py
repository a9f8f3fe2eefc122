"""A completion request to Calls: one for each prompt and each of its answers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from serai.api.body import ignored as ignored_header
from serai.api.openai import fields, many, request
from serai.api.openai.fields import Field, fault
from serai.types import AUTO, TEXT_GENERATION, Call, Principal

MOST_PROMPTS = 128
MOST_ALTERNATIVES = 20
USUAL_LENGTH = 16
"""Tokens of an answer where the request does not say how many, as OpenAI has it."""

Tokens = list[int]

FIELDS: Mapping[str, Field] = {
    "model": fields.FIELDS["model"],
    "prompt": Field("a text, a list of texts, a list of tokens or several of these", (str, list)),
    "stream": fields.FIELDS["stream"],
    "stream_options": fields.FIELDS["stream_options"],
    "n": fields.FIELDS["n"],
    "best_of": Field("a whole number", (int,), lambda value: value >= 1),
    "echo": Field("true or false", (bool,)),
    "suffix": Field("a text", (str,)),
    "logprobs": Field(
        f"a whole number from 0 to {MOST_ALTERNATIVES}", (int,), lambda value: 0 <= value <= MOST_ALTERNATIVES
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What was asked: the prompts, and how often and how each is to be answered. `first` is the first call, whose id
    the answer has."""

    first: Call
    prompts: Sequence[str | Tokens]
    count: int
    stream: bool
    usage: bool
    echo: bool
    logprobs: int | None
    ignored: Sequence[str] = field(default=())

    @property
    def calls(self) -> list[Call]:
        """One call for each answer, a prompt's answers together."""
        found: list[Call] = []
        for prompt in self.prompts:
            call = request.again(self.first, {**self.first.inputs, "inputs": prompt}) if found else self.first
            found += many.repeated(call, self.count)
        return found

    @property
    def headers(self) -> dict[str, str]:
        return ignored_header(self.ignored)

    def echoed(self, index: int) -> str:
        """What the answer with this index begins with."""
        prompt = self.prompts[index // self.count]
        return prompt if self.echo and isinstance(prompt, str) else ""


def read(body: Mapping[str, Any], who: Principal) -> Completion:
    """Raises BadRequest with the field's name as `param` for whatever does not fit or cannot be honoured."""
    known, settings, ignored = fields.read(body, FIELDS, {})
    prompts = _prompts(known.get("prompt"))
    count = known.get("n", 1)
    _check(known, prompts, count)
    inputs = {"inputs": prompts[0], **({"suffix": known["suffix"]} if known.get("suffix") else {})}
    settings = {"max_tokens": USUAL_LENGTH, **settings}
    if (alternatives := known.get("logprobs")) is not None:
        settings |= {"logprobs": True, "top_logprobs": alternatives}
    model = known.get("model") or AUTO
    return Completion(
        first=Call(task=TEXT_GENERATION, model=model, inputs=inputs, settings=settings, principal=who),
        prompts=prompts,
        count=count,
        stream=known.get("stream", False),
        usage=known.get("stream_options", {}).get("include_usage") is True,
        echo=known.get("echo", False),
        logprobs=alternatives,
        ignored=ignored,
    )


def _prompts(given: Any) -> list[str | Tokens]:
    if given is None:
        raise fault("prompt", "prompt is missing.")
    several: list[Any] = [given] if isinstance(given, str) or _are_tokens(given) else given
    if not several:
        raise fault("prompt", "prompt must not be empty.")
    for index, prompt in enumerate(several):
        if not isinstance(prompt, str) and not _are_tokens(prompt):
            raise fault(f"prompt[{index}]", f"prompt[{index}] must be a text or a list of tokens by their numbers.")
    if len(several) > MOST_PROMPTS:
        raise fault("prompt", f"prompt holds {len(several)} prompts; {MOST_PROMPTS} is the most. Make a batch of them.")
    return several


def _are_tokens(prompt: Any) -> bool:
    return (
        isinstance(prompt, list)
        and bool(prompt)
        and all(isinstance(token, int) and not isinstance(token, bool) and token >= 0 for token in prompt)
    )


def _check(known: Mapping[str, Any], prompts: Sequence[Any], count: int) -> None:
    """What cannot be honoured is refused by name."""
    if known.get("best_of", count) != count:
        raise fault("best_of", "best_of cannot be honoured. Serai gives all answers that it makes: say n.")
    if known.get("echo") and known.get("logprobs") is not None:
        raise fault("echo", "echo cannot be honoured with logprobs: models tell them of what they write only.")
    if known.get("echo") and not all(isinstance(prompt, str) for prompt in prompts):
        raise fault("echo", "echo cannot be honoured for tokens: send the prompt as text.")
    if known.get("suffix") and not all(isinstance(prompt, str) for prompt in prompts):
        raise fault("suffix", "suffix cannot be honoured for tokens: send the prompt as text.")
