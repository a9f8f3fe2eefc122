from __future__ import annotations

import pytest

from serai.cli import words


@pytest.mark.parametrize(
    ("count", "shown"),
    [(None, ""), (0, "0 B"), (999, "999 B"), (1000, "1 kB"), (4_070_000, "4.07 MB"), (999_600, "1 MB"), (8e12, "8 TB")],
)
def test_size(count: float | None, shown: str) -> None:
    assert words.size(count) == shown


@pytest.mark.parametrize(("number", "shown"), [(None, ""), (3_800_000, "3.8 M"), (1_100_000_000, "1.1 B"), (12, "12")])
def test_count(number: float | None, shown: str) -> None:
    assert words.count(number) == shown


@pytest.mark.parametrize(("seconds", "shown"), [(5, "5 s ago"), (120, "2 min ago"), (7200, "2 h ago"), (-3, "0 s ago")])
def test_ago(seconds: float, shown: str) -> None:
    assert words.ago(1000 - seconds, now=1000) == shown
