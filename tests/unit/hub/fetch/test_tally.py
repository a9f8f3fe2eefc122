from __future__ import annotations

from typing import Any

from tests.unit.hub.conftest import context

from serai.hub.fetch.tally import Tally
from serai.hub.remote import RemoteFile


def file(number: int) -> RemoteFile:
    return RemoteFile(f"{number}.bin", 10, "a" * 64)


def last(told: list[Any]) -> list[tuple[str, float, str]]:
    return [(part["name"], part["done"], part["state"]) for part in told[-1][4]]


def test_each_file_is_told_with_how_far_it_is() -> None:
    told: list[Any] = []
    tally = Tally(context("a/b", told), 30, 3)
    tally.expect([file(1), file(2), file(3)])
    tally.begin(file(1))
    tally.advance(file(1), 10)
    tally.end(file(1))
    tally.begin(file(2))
    tally.advance(file(2), 4)
    assert last(told) == [("2.bin", 4, "working"), ("3.bin", 0, "waiting"), ("1.bin", 10, "done")]
    assert told[-1][3] == "1 of 3 files"


def test_a_file_that_was_not_finished_waits_again_with_what_it_has() -> None:
    told: list[Any] = []
    tally = Tally(context("a/b", told), 20, 2)
    tally.expect([file(1), file(2)])
    tally.begin(file(1))
    tally.advance(file(1), 4)
    tally.put_back(file(1))
    assert last(told) == [("1.bin", 4, "waiting"), ("2.bin", 0, "waiting")] and told[-1][3] == "0 of 2 files"


def test_of_very_many_files_some_are_told() -> None:
    told: list[Any] = []
    tally = Tally(context("a/b", told), 10_000, 1000)
    tally.expect([file(number) for number in range(1000)])
    for number in range(20):
        tally.begin(file(number))
    tally.advance(file(3), 1)
    assert len(last(told)) == 32 and [state for _, _, state in last(told)].count("working") == 20
