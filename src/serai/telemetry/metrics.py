"""Numbers for `/metrics`, in Prometheus's text format."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from itertools import accumulate

from serai.types import LOCAL, Record

Labels = tuple[tuple[str, str], ...]
Reading = float | Mapping[str, float]

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_SERIES = 1_000
"""Combinations of labels that are told apart; more are counted as `other`."""


class Counter:
    """Only grows."""

    def __init__(self, name: str, description: str) -> None:
        self.name = name
        self.description = description
        self._values: dict[Labels, float] = {}

    def add(self, labels: Labels, amount: float = 1.0) -> None:
        labels = _bounded(labels, self._values)
        self._values[labels] = self._values.get(labels, 0.0) + amount

    def lines(self) -> list[str]:
        return _head(self.name, self.description, "counter") + [
            _sample(self.name, labels, value) for labels, value in self._values.items()
        ]


class Histogram:
    """How values are spread over buckets."""

    def __init__(self, name: str, description: str, bounds: tuple[float, ...] = _SECONDS) -> None:
        self.name = name
        self.description = description
        self._bounds = bounds
        self._counts: dict[Labels, list[int]] = {}
        self._sums: dict[Labels, float] = {}

    def observe(self, labels: Labels, value: float) -> None:
        labels = _bounded(labels, self._counts)
        counts = self._counts.setdefault(labels, [0] * (len(self._bounds) + 1))
        counts[bisect_left(self._bounds, value)] += 1
        self._sums[labels] = self._sums.get(labels, 0.0) + value

    def lines(self) -> list[str]:
        lines = _head(self.name, self.description, "histogram")
        bounds = (*(f"{bound:g}" for bound in self._bounds), "+Inf")
        for labels, counts in self._counts.items():
            for bound, total in zip(bounds, accumulate(counts), strict=True):
                lines.append(_sample(f"{self.name}_bucket", (*labels, ("le", bound)), total))
            lines.append(_sample(f"{self.name}_sum", labels, self._sums[labels]))
            lines.append(_sample(f"{self.name}_count", labels, sum(counts)))
        return lines


class Metrics:
    """Everything that is counted. From the loop's thread."""

    def __init__(self) -> None:
        self._calls = Counter("serai_calls_total", "Calls that ended, by how they ended.")
        self._prompt = Counter("serai_prompt_tokens_total", "Tokens that were read.")
        self._cached = Counter("serai_cached_tokens_total", "Tokens of prompts that needed no reading again.")
        self._completion = Counter("serai_completion_tokens_total", "Tokens that were written.")
        self._errors = Counter("serai_errors_total", "Calls that failed, by the error's code.")
        self._fallbacks = Counter("serai_fallbacks_total", "Attempts that failed before another was made, by why.")
        self._cost = Counter("serai_cost_dollars_total", "What calls cost, where that is known.")
        self._unpriced = Counter("serai_unpriced_calls_total", "Calls of services whose cost is not known.")
        self._hits = Counter("serai_cache_hits_total", "Calls that were answered from the cache of answers.")
        self._first = Histogram("serai_first_token_seconds", "From a call's arrival to its first token.")
        self._total = Histogram("serai_call_seconds", "From a call's arrival to its end.")
        self._gauges: dict[str, tuple[str, str, Callable[[], Reading]]] = {}

    def gauge(self, name: str, description: str, read: Callable[[], Reading], label: str = "model") -> None:
        """A value that is asked for at every rendering: one number, or one for each value of the label."""
        self._gauges[name] = (description, label, read)

    def ended(self, record: Record) -> None:
        """Counts one call, by how it ended: `done`, `cancelled` or an error's code."""
        usage = record.usage
        who: Labels = (("model", record.model or record.call.model), ("backend", record.backend))
        self._calls.add((*who, ("status", record.error or record.status)))
        self._prompt.add(who, usage.prompt_tokens)
        self._cached.add(who, usage.cached_tokens)
        self._completion.add(who, usage.completion_tokens)
        if record.error:
            self._errors.add((*who, ("code", record.error)))
        for attempt in record.tried:
            if attempt.tried:
                named = (("model", attempt.model or record.model), ("backend", attempt.backend))
                self._fallbacks.add((*named, ("cause", attempt.code or "unknown")))
        self._charge(who, record)
        if usage.first_token_s is not None:
            self._first.observe(who, usage.first_token_s)
        if usage.total_s is not None:
            self._total.observe(who, usage.total_s)

    def _charge(self, who: Labels, record: Record) -> None:
        usage = record.usage
        if usage.cost is None:
            if record.place != LOCAL and (usage.prompt_tokens or usage.completion_tokens):
                self._unpriced.add(who)
        elif usage.cost:
            self._cost.add(who, usage.cost)
        if usage.from_cache:
            self._hits.add(who)

    def render(self) -> str:
        lines: list[str] = []
        counters = (self._calls, self._errors, self._fallbacks, self._prompt, self._cached, self._completion)
        for metric in (*counters, self._cost, self._unpriced, self._hits, self._first, self._total):
            lines += metric.lines()
        for name, (description, label, read) in self._gauges.items():
            lines += _head(name, description, "gauge")
            value = read()
            if isinstance(value, Mapping):
                lines += [_sample(name, ((label, key),), number) for key, number in value.items()]
            else:
                lines.append(_sample(name, (), value))
        return "\n".join(lines) + "\n"


def _bounded(labels: Labels, known: Mapping[Labels, object]) -> Labels:
    """Names come from outside; their number must not make the server grow."""
    if labels in known or len(known) < _SERIES:
        return labels
    return tuple((name, "other") for name, _ in labels)


def _head(name: str, description: str, kind: str) -> list[str]:
    return [f"# HELP {name} {description}", f"# TYPE {name} {kind}"]


def _sample(name: str, labels: Labels, value: float) -> str:
    inside = ",".join(f'{key}="{_escape(text)}"' for key, text in labels)
    return f"{name}{{{inside}}} {value:.15g}" if inside else f"{name} {value:.15g}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
