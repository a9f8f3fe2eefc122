"""Which calls have one answer only, so that it may be kept. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from serai.types import CHAT, FEATURE_EXTRACTION, TEXT_GENERATION, TEXT_RANKING, TOKEN_COUNT, Call, Delta, Model

Enabled = Literal["off", "tasks", "all"]

WRITTEN = frozenset({CHAT, TEXT_GENERATION})
"""Tasks whose answer is chosen word by word: it is only one where the settings leave no choice."""

EXACT = frozenset(
    {
        FEATURE_EXTRACTION,
        TEXT_RANKING,
        TOKEN_COUNT,
        "audio-classification",
        "fill-mask",
        "image-classification",
        "image-segmentation",
        "object-detection",
        "question-answering",
        "table-question-answering",
        "tabular-classification",
        "tabular-regression",
        "text-classification",
        "token-classification",
        "tokenize",
        "zero-shot-classification",
        "zero-shot-image-classification",
    }
)
"""Tasks that a model answers alike every time."""

_STILL_CHANCE = ("dynatemp_range", "xtc_probability", "mirostat", "samplers")
"""What leaves something to chance even at temperature 0."""


def applies(call: Call, model: Model, enabled: Enabled) -> bool:
    """Whether an answer that is known will do for this call, and may be kept of it."""
    wish = call.wishes.cache
    if enabled == "off" or wish is False:
        return False
    if call.task in EXACT:
        return True
    return (enabled == "all" or wish is True) and fixed(call, model)


def fixed(call: Call, model: Model) -> bool:
    """Whether the settings leave no choice: a seed, or always the likeliest word."""
    settings = effective(call, model)
    if settings.get("seed") is not None:
        return True
    greedy = call.task in WRITTEN and settings.get("temperature") == 0
    return greedy and not any(settings.get(name) for name in _STILL_CHANCE)


def effective(call: Call, model: Model) -> Mapping[str, Any]:
    """The settings that hold for the call: the model's own, and over them the asker's."""
    return {**model.settings, **call.settings}


def whole(call: Call, model: Model, last: Delta) -> bool:
    """Whether an answer that ends so is all that the call asked for. One that only the model's context cut off is not:
    loaded with more, it would say more."""
    if last.usage is None or last.usage.left_out or last.usage.from_cache:
        return False
    if last.finish == "length" and call.task in WRITTEN:
        most = effective(call, model).get("max_tokens")
        return most is not None and last.usage.completion_tokens >= most
    return last.finish in ("stop", "length", "tool_calls")


def personal(call: Call) -> bool:
    """Whether the answer is part of a chat or may not leave this machine: it is never shared, nor written to disk."""
    return call.wishes.private or bool(call.wishes.session)
