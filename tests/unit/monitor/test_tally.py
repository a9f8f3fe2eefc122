from __future__ import annotations

import pytest
from tests.unit.monitor.past import failed, past, tried

from serai.monitor.past import Past
from serai.monitor.tally import Tally

CALLS = [
    past(total_s=1.0, first_token_s=0.2, prompt_tokens=10, completion_tokens=5, tokens_per_second=50.0, cost=0.25),
    past(total_s=3.0, place="shore", completion_tokens=4, tried=tried("far", "unreachable")),
    failed("busy", place="shore"),
    failed("busy"),
    past(status="cancelled", from_cache=True),
]


def tally(calls: list[Past]) -> Tally:
    made = Tally()
    for call in calls:
        made.add(call)
    return made


def test_everything_is_counted_once() -> None:
    numbers = tally(CALLS).numbers()
    assert (numbers["count"], numbers["done"], numbers["failed"], numbers["cancelled"]) == (5, 2, 2, 1)
    assert numbers["success_rate"] == 0.5 and numbers["tokens_per_second"] == 50.0
    assert (numbers["errors"], numbers["fallbacks"]) == ({"busy": 2}, {"unreachable": 1})
    assert numbers["total_s"]["average"] == 2.0 and numbers["first_token_s"]["p99"] == pytest.approx(0.2, rel=0.02)


def test_an_unknown_cost_is_never_nothing() -> None:
    numbers = tally(CALLS).numbers()
    assert (numbers["cost"], numbers["cost_unknown"], numbers["cache_hits"]) == (0.25, 1, 1)


def test_where_nothing_was_measured_nothing_is_told() -> None:
    numbers = tally([past(status="cancelled")]).numbers()
    told = ("success_rate", "tokens_per_second", "first_token_s", "total_s")
    assert [numbers[name] for name in told] == [None] * 4


def test_two_merged_are_one_of_all_calls_also_after_writing() -> None:
    first, second = tally(CALLS[:2]), tally(CALLS[2:])
    first.merge(Tally.read(second.as_json()))
    assert first.numbers() == tally(CALLS).numbers()
    assert Tally.read(first.as_json()).numbers() == first.numbers()


def test_kinds_of_errors_are_bounded() -> None:
    errors = tally([failed(f"code_{number}") for number in range(500)]).numbers()["errors"]
    assert len(errors) == 101 and errors["other"] == 400
