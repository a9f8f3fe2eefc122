"""How much a call may take at most, before it is made: never too little, often too much. Pure.

No tokenizer is asked, since services have their own. No token of a text is less than a byte, and nearly all are four or
more; some tokenizers make one of every digit. So what is put aside for a prompt is one token a byte, and what a broken
answer is charged for, where its service did not say, is half of that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serai.money.price import Counts, Price
from serai.types import CHAT, FEATURE_EXTRACTION, TEXT_GENERATION, TEXT_RANKING, TOKEN_COUNT, Call, Model

_LOOKED_AT = 1_000_000
_PART = 16
"""Tokens around one message or part of one, from the template that joins them."""
_FRAME = 64
"""And around all of them."""
_PICTURE = 50_000
"""No service that we know makes more tokens of one picture."""
_MUCH = 1_000_000_000
"""What has more parts than anybody looks at."""

_SOUND_BYTES_S = 500
"""Of sound, as a data: address; speech at its most compressed has more."""
_LONGEST_S = 3600.0
"""How long a call without a deadline is thought to run at most."""

_SILENT = frozenset(
    {
        FEATURE_EXTRACTION,
        TEXT_RANKING,
        TOKEN_COUNT,
        "fill-mask",
        "sentence-similarity",
        "text-classification",
        "token-classification",
        "zero-shot-classification",
    }
)
"""Tasks whose answers have no tokens that somebody charges for."""

_HEARING = frozenset({"automatic-speech-recognition", "audio-classification", "audio-to-audio"})
_DRAWING = frozenset({"text-to-image", "image-to-image"})
_LENGTHS = ("max_tokens", "max_new_tokens", "max_length")


def most(call: Call, model: Model, price: Price, now: float) -> Counts | None:
    """What the call may take at most; None where nothing bounds it. `now` is on the monotonic clock."""
    answer = 0 if call.task in _SILENT or not price.output else _longest(call, model)
    if answer is None:
        return None
    prompt = _tokens(call.inputs)
    if model.context_length and call.task in (CHAT, TEXT_GENERATION):
        prompt = min(prompt, model.context_length)
    seconds = _LONGEST_S if call.deadline is None else max(0.0, call.deadline - now)
    return Counts(prompt=prompt, completion=answer, images=pictures(call), audio_s=sound_s(call), seconds=seconds)


def likely_prompt(call: Call) -> int:
    """What a prompt is charged for that its service did not count."""
    return _tokens(call.inputs) // 2


def pictures(call: Call) -> int:
    """How many the call makes."""
    return 1 if call.task in _DRAWING else 0


def sound_s(call: Call) -> float:
    """How long what is to be heard may be at most."""
    if call.task not in _HEARING:
        return 0.0
    return sum(len(value) for value in call.inputs.values() if isinstance(value, str | bytes)) / _SOUND_BYTES_S


def _longest(call: Call, model: Model) -> int | None:
    """The answer's tokens at most."""
    given = [call.settings.get(name) for name in _LENGTHS]
    told = [length for length in given if isinstance(length, int)]
    return max(told) if told else model.context_length


def _tokens(inputs: Mapping[str, Any]) -> int:
    found, looked = _FRAME, 0
    rest: list[Any] = [inputs]
    while rest:
        looked += 1
        if looked > _LOOKED_AT:
            return _MUCH
        value = rest.pop()
        if isinstance(value, str):
            found += _PICTURE if value.startswith("data:") else len(value.encode("utf-8", "replace"))
        elif isinstance(value, Mapping):
            found += _PART + sum(len(str(name)) for name in value)
            rest.extend(value.values())
        elif isinstance(value, list | tuple):
            found += _plain(value, rest)
        elif value is not None:
            found += len(value) if isinstance(value, bytes | bytearray) else len(str(value))
    return found


def _plain(values: list[Any] | tuple[Any, ...], rest: list[Any]) -> int:
    """A prompt given as its tokens is as long as their number; of everything else the parts are looked at."""
    if len(values) > _PART and all(type(value) is int for value in values):
        return len(values)
    rest.extend(values)
    return 0
