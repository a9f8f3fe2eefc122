from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from serai.accounts.window import MINUTE_S, Window

STEPS = st.lists(st.tuples(st.floats(0, 90), st.integers(1, 40)), max_size=120)


@given(STEPS, st.integers(1, 60))
def test_no_minute_ever_holds_more_than_the_limit(steps: list[tuple[float, int]], limit: int) -> None:
    window, now, let_in = Window(), 1000.0, []
    for later, amount in steps:
        now += later
        if amount <= limit and window.wait(amount, limit, now) == 0:
            window.add(amount, now)
            let_in.append((now, amount))
    for begin, _ in let_in:
        assert sum(amount for at, amount in let_in if begin <= at <= begin + MINUTE_S) <= limit


@given(STEPS, st.integers(1, 60), st.integers(1, 200))
def test_whoever_waits_as_long_as_told_gets_in(steps: list[tuple[float, int]], limit: int, wanted: int) -> None:
    window, now = Window(), 1000.0
    for later, amount in steps:
        now += later / 10
        window.add(amount, now)
    wait = window.wait(wanted, limit, now)
    assert 0 <= wait <= MINUTE_S + 0.2
    assert window.wait(wanted, limit, now + wait + 0.001) == 0


@given(STEPS)
def test_it_counts_what_was_added_and_forgets_it_after_a_minute(steps: list[tuple[float, int]]) -> None:
    window, now, added = Window(), 0.0, []
    for later, amount in steps:
        now += later
        window.add(amount, now)
        added.append((now, amount))
    surely = sum(amount for at, amount in added if now - at <= MINUTE_S)
    at_most = sum(amount for at, amount in added if now - at <= MINUTE_S + 0.2)
    assert surely <= window.used(now) <= at_most
    assert window.used(now + 2 * MINUTE_S) == 0


def test_memory_does_not_grow_with_the_rate() -> None:
    window = Window()
    for number in range(200_000):
        window.add(1, number / 1000)
    assert len(window._slots) <= 2001 and window.used(200.0) >= 60_000
    assert len(window._slots) <= 602
