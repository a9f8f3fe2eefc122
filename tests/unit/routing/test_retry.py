import pytest

from serai.errors import BadRequest, Busy, ModelFailed, TimedOut, Unreachable
from serai.routing import retry


@pytest.mark.parametrize(
    ("error", "safe"),
    [
        (Busy("Full.", retry_after=1), True),
        (Unreachable("Away."), True),
        (ModelFailed("It failed.", status=500), True),
        (ModelFailed("The connection broke."), False),
        (ModelFailed("The key is refused.", status=401), False),
        (TimedOut("Silent."), False),
        (BadRequest("No."), False),
    ],
)
def test_only_what_surely_is_not_at_work_is_sent_again(error: Exception, safe: bool) -> None:
    assert retry.again(error) is safe  # type: ignore[arg-type]


def test_waits_grow_and_are_anywhere_below_their_bound() -> None:
    def longest(_low: float, high: float) -> float:
        return high

    waits = [retry.wait_s(Unreachable("Away."), tries, longest) for tries in range(1, 8)]
    assert waits == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
    assert all(0 <= (retry.wait_s(Unreachable("Away."), 3) or 0) <= 1.0 for _ in range(100))


def test_what_a_service_asks_for_is_waited_for_unless_it_is_too_long() -> None:
    assert (retry.wait_s(Busy("Full.", retry_after=5), 1) or 0) >= 5
    assert retry.wait_s(Busy("Full.", retry_after=3600), 1) is None


def test_a_storm_ends_where_nothing_is_left_of_the_budget() -> None:
    budget = retry.Budget()
    assert sum(budget.take() for _ in range(100)) == 10
    for _ in range(8):
        budget.call()
    assert budget.take() and budget.take() and not budget.take()
