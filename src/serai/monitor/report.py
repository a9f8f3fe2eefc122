"""What statistics are asked for, and how they are told."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from serai.errors import BadRequest
from serai.monitor import levels
from serai.monitor.past import LABELS
from serai.monitor.statistics import Row, Statistics
from serai.monitor.tally import Tally

By = Literal["model", "backend", "place", "key", "task", "dialect", "error"]

GROUPS = 100
"""Groups that are told apart, those with the most calls; the rest is `other`."""

_REST = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`start` and `end` are seconds since 1970, `step` is a time series' in seconds; what is None is chosen. `only`
    are labels that calls must have."""

    by: By = "model"
    start: float | None = None
    end: float | None = None
    step: int | None = None
    only: Mapping[str, str] = field(default_factory=dict)


def question(
    by: By = "model",
    *,
    start: float | None = None,
    end: float | None = None,
    step: int | None = None,
    **only: str | None,
) -> Question:
    """A Question of what was given. Raises BadRequest for a label that calls do not have."""
    known = {name: value for name, value in only.items() if value is not None}
    for name in [by, *known]:
        if name not in (*LABELS, "error") or (name == "error" and name in known):
            raise BadRequest(
                f"Calls are not told apart by {name!r}.", hint=f"There are: {', '.join(LABELS)}.", param=name
            )
    return Question(by=by, start=start, end=end, step=step, only=known)


async def report(statistics: Statistics, asked: Question) -> dict[str, Any]:
    """Totals, groups and time series, in the native API's shape. Raises BadRequest."""
    now = time.time()
    end = now if asked.end is None else asked.end
    start = end - levels.DAY if asked.start is None else asked.start
    if start >= end:
        raise BadRequest("The time ends before it begins.", hint="`from` must lie before `to`.", param="from")
    step, level = levels.step_for(start, end, now, asked.step)
    start = start // step * step
    told = {"from": start, "to": end, "step": step, "by": asked.by}

    def work(found: Iterable[Row]) -> dict[str, Any]:
        return {**told, **_told([row for row in found if _wanted(row, asked.only)], asked.by, step)}

    return await statistics.over(level, start, end, work)


def _told(rows: list[Row], by: str, step: int) -> dict[str, Any]:
    groups = _errors(rows, step) if by == "error" else _groups(rows, by, step)
    return {"totals": _whole(rows).numbers(), "series": _series(rows, step), "groups": groups}


def _groups(rows: list[Row], by: str, step: int) -> list[dict[str, Any]]:
    return [
        {"name": name, **_whole(some).numbers(), "series": _series(some, step)}
        for name, some in _grouped(rows, by).items()
    ]


def _wanted(row: Row, only: Mapping[str, str]) -> bool:
    return all(row.labels.get(name) == value for name, value in only.items())


def _grouped(rows: Iterable[Row], by: str) -> dict[str, list[Row]]:
    """By the label's value, the group with the most calls first."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.labels[by]].append(row)
    order = sorted(groups, key=lambda name: (-sum(row.tally.count for row in groups[name]), name))
    for name in order[GROUPS:]:
        groups[_REST].extend(groups.pop(name))
    names = [name for name in order[:GROUPS] if name != _REST]
    return {name: groups[name] for name in (*names, *([_REST] if _REST in groups else []))}


def _errors(rows: Iterable[Row], step: int) -> list[dict[str, Any]]:
    """A group for every kind of error: nothing but how often it was."""
    counts: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        for code, count in row.tally.errors.items():
            counts[code][row.at // step * step] += count
    groups = []
    for code, by_time in sorted(counts.items(), key=lambda item: (-sum(item[1].values()), item[0])):
        series = [_point(at, _failures(code, count)) for at, count in sorted(by_time.items())]
        whole = _failures(code, sum(by_time.values()))
        groups.append({"name": code, **whole.numbers(), "series": series})
    return groups


def _failures(code: str, count: int) -> Tally:
    tally = Tally()
    tally.count = tally.failed = count
    tally.errors[code] = count
    return tally


def _series(rows: Iterable[Row], step: int) -> list[dict[str, Any]]:
    """A point for every step in which there were calls."""
    points: dict[int, Tally] = defaultdict(Tally)
    for row in rows:
        points[row.at // step * step].merge(row.tally)
    return [_point(at, tally) for at, tally in sorted(points.items())]


def _point(at: int, tally: Tally) -> dict[str, Any]:
    names = ("count", "failed", "cancelled", "prompt_tokens", "completion_tokens", "cost", "cache_hits")
    numbers = tally.numbers()
    return {
        "at": at,
        **{name: numbers[name] for name in (*names, "tokens_per_second")},
        **_quantiles("first_token", numbers["first_token_s"]),
        **_quantiles("total", numbers["total_s"]),
        "fallbacks": sum(tally.fallbacks.values()),
    }


def _quantiles(name: str, spread: Mapping[str, float] | None) -> dict[str, float | None]:
    return {f"{name}_{which}": spread[which] if spread else None for which in ("p50", "p95", "p99")}


def _whole(rows: Iterable[Row]) -> Tally:
    whole = Tally()
    for row in rows:
        whole.merge(row.tally)
    return whole
