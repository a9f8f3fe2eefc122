"""The numbers of some calls: added up one by one, and with other tallies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serai.monitor.past import Past
from serai.monitor.sketch import Sketch
from serai.types import LOCAL

_SUMS = (
    "count",
    "done",
    "failed",
    "cancelled",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "cost",
    "cost_unknown",
    "cache_hits",
    "speed",
    "speeds",
)
_KINDS = 100
"""Errors and causes that are told apart; more are counted as `other`."""

Numbers = dict[str, Any]


class Tally:
    """`speed` is the sum of `speeds` answers' tokens a second. Times and speeds are those of calls that were done."""

    __slots__ = (*_SUMS, "errors", "fallbacks", "first", "total")

    def __init__(self) -> None:
        self.count = self.done = self.failed = self.cancelled = 0
        self.prompt_tokens = self.completion_tokens = self.cached_tokens = 0
        self.cost = 0.0
        self.cost_unknown = self.cache_hits = 0
        self.speed = 0.0
        self.speeds = 0
        self.first = Sketch()
        self.total = Sketch()
        self.errors: dict[str, int] = {}
        self.fallbacks: dict[str, int] = {}

    def add(self, past: Past) -> None:
        usage = past.usage
        self.count += 1
        self.prompt_tokens += usage.prompt_tokens
        self.completion_tokens += usage.completion_tokens
        self.cached_tokens += usage.cached_tokens
        self.cache_hits += usage.from_cache
        if usage.cost is not None:
            self.cost += usage.cost
        elif past.place != LOCAL and (usage.prompt_tokens or usage.completion_tokens):
            self.cost_unknown += 1
        for attempt in past.tried:
            if attempt.tried:
                _count(self.fallbacks, attempt.code or "unknown")
        if past.status == "done":
            self.done += 1
            self._time(past)
        elif past.status == "failed":
            self.failed += 1
            _count(self.errors, past.error or "unknown")
        else:
            self.cancelled += 1

    def _time(self, past: Past) -> None:
        usage = past.usage
        if usage.first_token_s is not None:
            self.first.add(usage.first_token_s)
        if usage.total_s is not None:
            self.total.add(usage.total_s)
        if usage.tokens_per_second is not None and not usage.from_cache:
            self.speed += usage.tokens_per_second
            self.speeds += 1

    def merge(self, other: Tally) -> None:
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.first.merge(other.first)
        self.total.merge(other.total)
        for mine, theirs in ((self.errors, other.errors), (self.fallbacks, other.fallbacks)):
            for code, count in theirs.items():
                _count(mine, code, count)

    def as_json(self) -> Numbers:
        """What `read` reads; zeros are left out."""
        told: Numbers = {name: value for name in _SUMS if (value := getattr(self, name))}
        told |= {name: found for name in ("errors", "fallbacks") if (found := getattr(self, name))}
        return told | {name: found.as_json() for name in ("first", "total") if (found := getattr(self, name)).counts}

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Tally:
        tally = cls()
        for name in (*_SUMS, "errors", "fallbacks"):
            if name in told:
                setattr(tally, name, told[name])
        tally.first = Sketch.read(told["first"]) if "first" in told else tally.first
        tally.total = Sketch.read(told["total"]) if "total" in told else tally.total
        return tally

    def numbers(self) -> Numbers:
        """What people are shown; what cannot be told is None."""
        ended = self.done + self.failed
        return {
            **{name: getattr(self, name) for name in _SUMS[:-2]},
            "success_rate": self.done / ended if ended else None,
            "tokens_per_second": self.speed / self.speeds if self.speeds else None,
            "first_token_s": _spread(self.first),
            "total_s": _spread(self.total),
            "errors": dict(self.errors),
            "fallbacks": dict(self.fallbacks),
        }


def _count(counts: dict[str, int], code: str, count: int = 1) -> None:
    if code not in counts and len(counts) >= _KINDS:
        code = "other"
    counts[code] = counts.get(code, 0) + count


def _spread(sketch: Sketch) -> Numbers | None:
    if not sketch.counts:
        return None
    p50, p95, p99 = sketch.quantiles((0.5, 0.95, 0.99))
    return {"average": sketch.total / sketch.count, "p50": p50, "p95": p95, "p99": p99}
