"""Rows of files, good and hostile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from serai.batches.files import sheet
from serai.batches.files.sheet import Kind
from serai.errors import BadRequest


def read(tmp_path: Path, kind: Kind, content: bytes) -> list[Any]:
    """Each row's values, or the beginning of what is wrong with it."""
    path = tmp_path / f"file.{kind}"
    path.write_bytes(content)
    found = list(sheet.rows([(path, kind)]))
    assert [row.number for row in found] == list(range(1, len(found) + 1))
    assert sheet.count([(path, kind)], 1 << 60) == len(found)
    return [row.fault or row.values for row in found]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("jsonl", b'\xef\xbb\xbf{"text": "one"}\n\n  \n{"text": "two"}'),
        ("txt", b"one\n\ntwo\r\n"),
        ("csv", b'text\n"one"\ntwo\n'),
        ("tsv", b"\xef\xbb\xbftext \r\none\r\n\r\ntwo\r\n"),
    ],
)
def test_all_kinds_give_the_same_rows(tmp_path: Path, kind: Kind, content: bytes) -> None:
    assert read(tmp_path, kind, content) == [{"text": "one"}, {"text": "two"}]


def test_cells_stay_as_they_are(tmp_path: Path) -> None:
    content = 'a,b\n=1+1,"x\ny, ""z"""\n@cmd,سلام\n'.encode()
    assert read(tmp_path, "csv", content) == [{"a": "=1+1", "b": 'x\ny, "z"'}, {"a": "@cmd", "b": "سلام"}]


def test_what_is_wrong_with_a_row_is_said_of_that_row_alone(tmp_path: Path) -> None:
    found = read(tmp_path, "jsonl", b'{"a": 1}\n[]\n{"a"\n{"a": "\xff"}\n{"a": 2}\n')
    assert (found[0], found[4]) == ({"a": 1}, {"a": 2})
    assert all(fault.startswith("This row is not") for fault in found[1:4])


def test_half_characters_and_too_many_cells_cost_their_row(tmp_path: Path) -> None:
    found = read(tmp_path, "csv", b"a,b\n\xff,1\n1,2,3\n1\n1,2\n")
    assert found == [
        "This row is not UTF-8.",
        "This row has 3 cells, and there are 2 columns.",
        {"a": "1"},
        {"a": "1", "b": "2"},
    ]
    assert read(tmp_path, "txt", b"\xe2\x82\nok\n") == ["This row is not UTF-8.", {"text": "ok"}]


@pytest.mark.parametrize("kind", ["jsonl", "txt", "csv"])
def test_a_huge_line_costs_its_row_and_no_memory(tmp_path: Path, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "MOST_BYTES", 100)
    monkeypatch.setattr(sheet.bounded, "__defaults__", (100,))
    lines = {"jsonl": b'{"text": "ok"}\n', "txt": b"ok\n", "csv": b"ok\n"}
    start = b"text\n" if kind == "csv" else b""
    found = read(tmp_path, kind, start + lines[kind] + b"x" * 5000 + b"\n" + lines[kind])
    assert found == [{"text": "ok"}, sheet._TOO_LONG, {"text": "ok"}]


def test_a_quote_that_never_ends_ends_somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "MOST_BYTES", 1000)
    found = read(tmp_path, "csv", b'a\n"' + b"line\n" * 500)
    assert "field larger than field limit" in found[0]
    assert len(found) > 1


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("csv", b""),
        ("csv", b"a,a\n1,2\n"),
        ("csv", b"\xff,b\n1,2\n"),
        ("txt", "hi".encode("utf-16")),
    ],
)
def test_what_is_no_table_is_refused_whole(tmp_path: Path, kind: Kind, content: bytes) -> None:
    with pytest.raises(BadRequest):
        read(tmp_path, kind, content)


def test_a_files_name_says_what_it_is() -> None:
    assert [sheet.kind_of(name) for name in ("A.CSV", "b.ndjson", "c.pq")] == ["csv", "jsonl", "parquet"]
    with pytest.raises(BadRequest, match="no table"):
        sheet.kind_of("notes.docx")
