"""The growing file of answers, cut off anywhere."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import orjson
import pytest

from serai.batches.files.answers import Answers, Numbers, in_order


def answer(row: int, error: str | None = None) -> dict[str, object]:
    return {"row": row, "output": "سلام 🐈", "error": error, "prompt_tokens": 2, "cost": 0.5}


def test_a_file_cut_off_anywhere_goes_on_with_its_whole_lines(tmp_path: Path) -> None:
    answers = Answers(tmp_path / "whole")
    for row in (2, 1, 3):
        answers.add(answer(row))
    answers.close()
    whole = (tmp_path / "whole").read_bytes()
    ends = [at + 1 for at, byte in enumerate(whole) if byte == ord("\n")]
    for size in range(0, len(whole) + 1, 7):
        path = tmp_path / "cut"
        path.write_bytes(whole[:size])
        again = Answers(path)
        again.close()
        assert again.sum.done == sum(end <= size for end in ends)
        assert path.read_bytes() == whole[: max([0, *(end for end in ends if end <= size)])]


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers(tmp_path / "answers")
    answers.add(answer(1))
    before = (tmp_path / "answers").read_bytes()
    write = os.write

    def full(file: int, data: memoryview) -> int:
        if len(data) < 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, data[:-10])

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            answers.add(answer(2))
    assert (tmp_path / "answers").read_bytes() == before
    answers.add(answer(2))
    answers.close()
    assert [orjson.loads(line)["row"] for line in (tmp_path / "answers").read_bytes().splitlines()] == [1, 2]


def test_all_together_says_what_failed_and_what_it_cost(tmp_path: Path) -> None:
    answers = Answers(tmp_path / "answers")
    for row, error in ((1, None), (2, "broken"), (3, None)):
        answers.add(answer(row, error))
    assert (answers.sum.done, answers.sum.failed, answers.sum.cost, answers.sum.prompt_tokens) == (3, 1, 1.0, 6)
    answers.add({"row": 4, "error": None})
    assert answers.sum.cost is None
    answers.close()


def test_answers_come_in_the_order_of_their_rows(tmp_path: Path) -> None:
    answers = Answers(tmp_path / "answers")
    for row in (3, 1, 2):
        answers.add(answer(row))
    answers.close()
    in_order(tmp_path / "answers", tmp_path / "whole")
    assert [orjson.loads(line)["row"] for line in (tmp_path / "whole").read_bytes().splitlines()] == [1, 2, 3]


def test_numbers_take_no_room_while_there_is_no_gap() -> None:
    numbers = Numbers()
    for number in (2, 3, 1, 7):
        numbers.add(number)
    assert (numbers.upto, len(numbers._beyond)) == (3, 1)
    assert [number in numbers for number in (1, 3, 4, 7)] == [True, True, False, True]
