from __future__ import annotations

import math
import random

import pytest

from serai.monitor.sketch import ERROR, Sketch

SHARES = (0.5, 0.95, 0.99)


def sketch(values: list[float]) -> Sketch:
    made = Sketch()
    for value in values:
        made.add(value)
    return made


def exact(values: list[float], share: float) -> float:
    return sorted(values)[math.ceil(share * len(values)) - 1]


@pytest.mark.parametrize("count", [1, 2, 7, 100, 5_000])
@pytest.mark.parametrize("spread", [0.1, 1.0, 3.0])
def test_quantiles_are_within_two_percent(count: int, spread: float) -> None:
    draw = random.Random(count)
    values = [draw.lognormvariate(-1, spread) for _ in range(count)]
    for share, found in zip(SHARES, sketch(values).quantiles(SHARES), strict=True):
        assert abs(found / exact(values, share) - 1) <= ERROR + 1e-9


def test_two_merged_are_one_of_all_values() -> None:
    values = [random.Random(1).expovariate(1) for _ in range(400)]
    whole, part = sketch(values), sketch(values[:150])
    part.merge(sketch(values[150:]))
    assert (part.counts, part.count) == (whole.counts, 400)
    assert part.total == pytest.approx(sum(values))


def test_what_is_written_is_read_back() -> None:
    made = sketch([0.001, 0.5, 0.5, 900.0])
    again = Sketch.read(made.as_json())  # type: ignore[arg-type]
    assert (again.counts, again.total) == (made.counts, made.total)


@pytest.mark.parametrize("value", [0.0, -1.0, 1e-12, 1e12])
def test_odd_values_are_counted_as_the_nearest_that_fit(value: float) -> None:
    made = sketch([value] * 3)
    assert made.count == 3 and 1e-6 < made.quantiles((0.5,))[0] < 2e6


def test_it_stays_small_whatever_comes() -> None:
    draw = random.Random(2)
    assert len(sketch([10 ** draw.uniform(-9, 9) for _ in range(50_000)]).counts) < 1_000
