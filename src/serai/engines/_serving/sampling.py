"""Choosing the next token from a model's numbers, as the settings ask. NumPy only; the order of the steps and the
defaults are llama.cpp's, so that a setting means the same whatever engine runs the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float32]
Indexes = NDArray[np.intp]

_FEW = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """The settings of one call."""

    temperature: float = 0.8
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.05
    typical_p: float = 1.0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    seed: int | None = None
    logit_bias: Mapping[int, float] = field(default_factory=dict)


class Sampler:
    """Chooses the tokens of one answer. The same seed, settings and numbers give the same tokens."""

    def __init__(self, settings: Sampling, prompt: Iterable[int] = ()) -> None:
        self._settings = settings
        self._random = np.random.default_rng(settings.seed)
        self._prompt = set(prompt) if settings.repetition_penalty != 1 else set()
        self._counts: dict[int, int] = {}

    def choose(self, logits: Logits, allowed: NDArray[np.bool_] | None = None) -> int:
        """The next token; `allowed` leaves the choice among those that are True. `logits` stay as they are."""
        changed = self._penalised(logits)
        if allowed is not None:
            changed = np.where(allowed, changed, np.float32(-np.inf))
        token = int(changed.argmax()) if self._settings.temperature <= 0 else self._draw(changed)
        self._counts[token] = self._counts.get(token, 0) + 1
        return token

    def _penalised(self, logits: Logits) -> Logits:
        settings = self._settings
        changed = logits
        if settings.repetition_penalty != 1 and (used := self._inside(self._prompt | self._counts.keys(), logits)):
            changed = logits.copy()
            values = changed[used]
            penalty = np.float32(settings.repetition_penalty)
            changed[used] = np.where(values > 0, values / penalty, values * penalty)
        if (settings.presence_penalty or settings.frequency_penalty) and self._counts:
            changed = changed.copy()
            for token, count in self._counts.items():
                changed[token] -= settings.presence_penalty + settings.frequency_penalty * count
        if settings.logit_bias:
            changed = changed.copy()
            for token in self._inside(settings.logit_bias, logits):
                changed[token] += settings.logit_bias[token]
        return changed

    @staticmethod
    def _inside(tokens: Iterable[int], logits: Logits) -> list[int]:
        return [token for token in tokens if 0 <= token < len(logits)]

    def _draw(self, logits: Logits) -> int:
        candidates, shares = self._candidates(logits)
        candidates = self._typical(candidates, shares)
        weights = np.exp((logits[candidates] - logits[candidates[0]]).astype(np.float64) / self._settings.temperature)
        edges = np.cumsum(weights / weights.sum())
        return int(candidates[min(int(np.searchsorted(edges, self._random.random(), "right")), len(candidates) - 1)])

    def _candidates(self, logits: Logits) -> tuple[Indexes, NDArray[np.float64]]:
        """Those that top_k, top_p and min_p leave, the likeliest first, with their shares."""
        settings = self._settings
        few = settings.top_k if 0 < settings.top_k < len(logits) else 0
        best = float(logits.max())
        total = 0.0 if few else float(np.exp((logits - best).astype(np.float64)).sum())
        for count in (few,) if few else (_FEW, len(logits)):
            candidates = likeliest(logits, count)
            weights = np.exp((logits[candidates] - best).astype(np.float64))
            shares = weights / (total or weights.sum())
            kept = self._kept(shares)
            if few or kept < len(candidates) or len(candidates) == len(logits):
                break
        return candidates[:kept], shares[:kept]

    def _kept(self, shares: NDArray[np.float64]) -> int:
        """How many of the likeliest top_p and min_p leave; one at least."""
        kept = int((shares >= shares[0] * self._settings.min_p).sum())
        if self._settings.top_p < 1:
            kept = min(kept, int(np.searchsorted(np.cumsum(shares), self._settings.top_p)) + 1)
        return max(1, min(kept, int((shares > 0).sum())))

    def _typical(self, candidates: Indexes, shares: NDArray[np.float64]) -> Indexes:
        """Those whose surprise is nearest to what is expected, that together reach the wanted share."""
        if self._settings.typical_p >= 1:
            return candidates
        surprise = -np.log(shares)
        order = np.argsort(np.abs(surprise - (shares * surprise).sum() / shares.sum()), kind="stable")
        enough = int(np.searchsorted(np.cumsum(shares[order]) / shares.sum(), self._settings.typical_p)) + 1
        return candidates[np.sort(order[:enough])]


def likeliest(logits: Logits, count: int) -> Indexes:
    """The tokens with the highest numbers, in order."""
    if count < len(logits):
        some = np.argpartition(logits, len(logits) - count)[len(logits) - count :]
        return some[np.argsort(-logits[some], kind="stable")]
    return np.argsort(-logits, kind="stable")


def log_probability(logits: Logits, token: int, alternatives: int) -> tuple[float, list[tuple[int, float]]]:
    """The token's natural log probability before any setting, and those of the likeliest tokens."""
    best = float(logits.max())
    norm = best + float(np.log(np.exp((logits - best).astype(np.float64)).sum()))
    others = likeliest(logits, alternatives) if alternatives else ()
    return float(logits[token]) - norm, [(int(other), float(logits[other]) - norm) for other in others]


def settings_from(given: Mapping[str, Any]) -> Sampling:
    """Sampling by the fields of a request that are set."""
    names = Sampling.__dataclass_fields__
    return Sampling(**{name: value for name, value in given.items() if name in names and value is not None})
