"""How values are spread, in little room: a histogram with logarithmic buckets, of which two can be added."""

from __future__ import annotations

import math
from collections.abc import Mapping

ERROR = 0.015
"""A quantile is at most this share away from a value that was there."""

_GROWTH = (1 + ERROR) / (1 - ERROR)
_SCALE = 1 / math.log(_GROWTH)
_LEAST = 1e-5
_MOST = 1e6
"""Values beyond are counted as these; in seconds, more than a week."""


class Sketch:
    """Counts by bucket; bucket n holds values up to _GROWTH ** n."""

    __slots__ = ("counts", "total")

    def __init__(self, counts: Mapping[int, int] | None = None, total: float = 0.0) -> None:
        self.counts: dict[int, int] = dict(counts or {})
        self.total = total

    def add(self, value: float) -> None:
        bucket = math.ceil(math.log(min(max(value, _LEAST), _MOST)) * _SCALE)
        self.counts[bucket] = self.counts.get(bucket, 0) + 1
        self.total += value

    def merge(self, other: Sketch) -> None:
        for bucket, count in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + count
        self.total += other.total

    @property
    def count(self) -> int:
        return sum(self.counts.values())

    def quantiles(self, shares: tuple[float, ...]) -> list[float]:
        """The values below which these shares lie, smallest first; by nearest rank. There must be a value."""
        count = self.count
        wanted = [max(1, math.ceil(share * count)) for share in shares]
        found: list[float] = []
        seen = 0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            while len(found) < len(wanted) and seen >= wanted[len(found)]:
                found.append(2 * _GROWTH**bucket / (1 + _GROWTH))
        return found

    def as_json(self) -> list[object]:
        """`[total, bucket, count, bucket, count, …]`."""
        return [self.total, *(number for pair in self.counts.items() for number in pair)]

    @classmethod
    def read(cls, told: list[float]) -> Sketch:
        total, *rest = told
        return cls({int(bucket): int(count) for bucket, count in zip(rest[::2], rest[1::2], strict=True)}, total)
