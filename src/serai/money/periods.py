"""Days and months, in UTC everywhere, so that a budget means the same to all who share it. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal

Period = Literal["day", "month", "all"]

PERIODS: tuple[Period, ...] = ("day", "month", "all")

_DAY_S = 86_400


def key(period: Period, moment: float) -> str:
    """The day, month or all of time in which a moment lies: `2026-11-21`, `2026-11`, or `` for all."""
    if period == "all":
        return ""
    day = day_of(moment)
    return day if period == "day" else day[:7]


def keys_of(day: str) -> tuple[str, str, str]:
    """All that a day belongs to."""
    return (day, day[:7], "")


def day_of(moment: float) -> str:
    return _day(int(moment // _DAY_S))


@lru_cache(64)
def _day(number: int) -> str:
    return datetime.fromtimestamp(number * _DAY_S, UTC).strftime("%Y-%m-%d")


def ends_at(period: Period, moment: float) -> float | None:
    """When the next day or month begins; None for all of time."""
    if period == "all":
        return None
    start = datetime.fromtimestamp(moment, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        return (start + timedelta(days=1)).timestamp()
    return (start.replace(day=1) + timedelta(days=32)).replace(day=1).timestamp()
