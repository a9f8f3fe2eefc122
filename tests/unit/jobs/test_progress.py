from __future__ import annotations

import pytest

from serai.jobs.progress import Meter, at_rest


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def meter(clock: Clock, **start: object) -> Meter:
    return Meter(at_rest(start), clock)


def test_nothing_is_known_at_first() -> None:
    assert meter(Clock()).read() == {"done": None, "total": None, "rate": None, "eta_s": None, "note": "", "parts": []}


def test_rate_and_time_left_are_measured() -> None:
    clock = Clock()
    measured = meter(clock)
    measured.report(0, 1_000, None, "fetching")
    clock.now += 2
    measured.report(200, None, None, None)
    assert measured.read() == {"done": 200, "total": 1_000, "rate": 100, "eta_s": 8, "note": "fetching", "parts": []}


def test_what_was_done_before_a_restart_is_no_speed() -> None:
    clock = Clock()
    measured = meter(clock, done=5_000_000, total=10_000_000, note="before")
    assert measured.read()["done"] == 5_000_000
    measured.report(5_000_000, None, None, None)
    clock.now += 1
    measured.report(5_000_100, None, None, None)
    assert measured.read()["rate"] == 100


def test_what_was_found_is_no_speed() -> None:
    clock = Clock()
    measured = meter(clock)
    measured.report(0, 1_000, None, None)
    clock.now += 1
    measured.report(700, None, None, None, found=700)
    clock.now += 1
    measured.report(800, None, None, None)
    assert measured.read()["rate"] == 50
    assert measured.read()["done"] == 800


def test_only_the_last_seconds_count() -> None:
    clock = Clock()
    measured = meter(clock)
    for second in range(60):
        measured.report(second * (1_000 if second < 30 else 10), None, None, None)
        clock.now += 1
    rate = measured.read()["rate"]
    assert rate is not None and rate < 15


def test_a_job_that_stands_still_gets_slower() -> None:
    clock = Clock()
    measured = meter(clock)
    measured.report(0, 100, None, None)
    clock.now += 1
    measured.report(50, None, None, None)
    clock.now += 49
    assert measured.read()["rate"] == 1


def test_beginning_again_is_no_negative_speed() -> None:
    clock = Clock()
    measured = meter(clock)
    measured.report(90, 100, None, None)
    clock.now += 1
    measured.report(0, None, None, None)
    assert measured.read()["rate"] is None


def test_a_given_rate_holds() -> None:
    measured = meter(Clock())
    measured.report(10, 100, 5.0, None)
    assert (measured.read()["rate"], measured.read()["eta_s"]) == (5.0, 18.0)


@pytest.mark.parametrize("done", [100, 120])
def test_nothing_is_left_at_the_end(done: float) -> None:
    measured = meter(Clock())
    measured.report(done, 100, 5.0, None)
    assert measured.read()["eta_s"] == 0


def test_at_rest_there_is_no_speed() -> None:
    stored = {"done": 1, "total": 2, "rate": 3, "eta_s": 4, "note": "x", "unknown": 5}
    assert at_rest(stored) == {"done": 1, "total": 2, "rate": None, "eta_s": None, "note": "x", "parts": []}


def test_a_job_at_rest_tells_its_parts_and_none_of_them_is_worked_on() -> None:
    parts = [{"name": "a", "done": 1, "total": 2, "state": "working"}, {"name": "b", "done": 2, "state": "done"}]
    assert [part["state"] for part in at_rest({"parts": parts})["parts"]] == ["waiting", "done"]
