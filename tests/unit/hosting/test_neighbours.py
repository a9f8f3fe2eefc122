"""What other programs use, in a made-up time."""

import subprocess
import sys

import psutil
import pytest

from serai.hosting.neighbours import Neighbours, others_seconds


class Made:
    """A clock, and the processor seconds of others; both move by hand."""

    def __init__(self) -> None:
        self.time = self.used = 0.0
        self.neighbours = Neighbours(lambda: self.used, lambda: self.time)

    def minutes(self, count: int, cores: float) -> int:
        for _ in range(count):
            self.neighbours.look()
            self.time += 60
            self.used += 60 * cores
        return self.neighbours.busy()


def test_nothing_counts_before_anything_was_seen() -> None:
    assert Made().neighbours.busy() == 0


def test_what_is_in_use_all_the_time_counts() -> None:
    assert Made().minutes(15, 2.6) == 2


def test_what_began_or_ended_a_while_ago_does_not() -> None:
    made = Made()
    made.minutes(10, 0.4)
    assert made.minutes(5, 8) == 0
    assert made.minutes(16, 8) == 8


def test_it_looks_once_a_minute() -> None:
    made = Made()
    made.minutes(1, 1)
    made.time += 3
    made.used += 1000
    assert made.neighbours.busy() == 1


def test_own_children_are_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    times = psutil.cpu_times()
    monkeypatch.setattr(psutil, "cpu_times", lambda: times)  # the machine stands still, but for this
    before = others_seconds()
    subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 0.5: pass"], check=True)
    assert others_seconds() <= before - 0.5
