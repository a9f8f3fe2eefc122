"""How fast models have been, as measured on their last answers."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from serai.types import Usage

_WEIGHT = 0.3
_KNOWN = 1000
_ANSWER = 200
"""So many tokens an answer is taken to have, where models are compared."""


@dataclass(slots=True)
class Speed:
    """Moving averages."""

    first_token_s: float
    tokens_per_second: float | None


class Speeds:
    """By backend and model; the ones that answered longest ago are forgotten first."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], Speed] = OrderedDict()

    def note(self, backend: str, model: str, usage: Usage) -> None:
        """Takes the measurements of a whole answer. What came from a cache says nothing."""
        if usage.first_token_s is None or usage.from_cache:
            return
        known = self._known.setdefault((backend, model), Speed(usage.first_token_s, usage.tokens_per_second))
        known.first_token_s += _WEIGHT * (usage.first_token_s - known.first_token_s)
        if usage.tokens_per_second is not None:
            before = known.tokens_per_second or usage.tokens_per_second
            known.tokens_per_second = before + _WEIGHT * (usage.tokens_per_second - before)
        self._known.move_to_end((backend, model))
        if len(self._known) > _KNOWN:
            self._known.popitem(last=False)

    def of(self, backend: str, model: str) -> Speed | None:
        return self._known.get((backend, model))

    def expected_s(self, backend: str, model: str) -> float | None:
        """How long an answer of common length should take; None where nothing was measured."""
        known = self._known.get((backend, model))
        if known is None:
            return None
        return known.first_token_s + (_ANSWER / known.tokens_per_second if known.tokens_per_second else 0.0)
