"""The files of a batch, cut off anywhere."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from serai.batches import lines
from serai.batches.lines import Answers, Line, problems

LINES = [Line(number, f"n{number}", {}) for number in range(1, 4)]


def written(path: Path) -> bytes:
    answers = Answers(path)
    for line in LINES:
        answers.add("batch_x", line, {"text": "سلام 🐈"})
    answers.close()
    return path.read_bytes()


def test_a_file_cut_off_anywhere_goes_on_with_its_whole_lines(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole")
    ends = [at + 1 for at, byte in enumerate(whole) if byte == ord("\n")]
    for size in range(0, len(whole) + 1, 7):
        path = tmp_path / "cut"
        path.write_bytes(whole[:size])
        answers = Answers(path)
        answers.close()
        assert answers.done == set(range(1, 1 + sum(end <= size for end in ends)))
        assert path.read_bytes() == whole[: max([0, *(end for end in ends if end <= size)])]


def test_what_a_power_cut_left_of_a_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "cut"
    path.write_bytes(written(path) + bytes(100) + b"\n" + b"{}\n")
    answers = Answers(path)
    answers.add("batch_x", Line(4, "n4", {}), {})
    answers.close()
    assert [orjson.loads(line)["custom_id"] for line in path.read_bytes().splitlines()] == ["n1", "n2", "n3", "n4"]


def test_no_more_problems_are_told_than_anybody_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "in"
    path.write_bytes(b"[]\n" * 500)
    assert len(problems(path, "/v1/x")[1]) == lines.MOST_PROBLEMS
    monkeypatch.setattr(lines, "MOST_LINES", 2)
    good = [{"custom_id": str(number), "method": "POST", "url": "/v1/x", "body": {}} for number in range(4)]
    path.write_bytes(b"\n".join(map(orjson.dumps, good)))
    count, found = problems(path, "/v1/x")
    assert (count, found[0]["code"]) == (3, "too_many")
