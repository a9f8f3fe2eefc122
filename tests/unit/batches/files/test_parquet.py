"""Parquet, in a process of its own."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from serai.batches.files import parquet_process, sheet
from serai.errors import BadRequest, MissingExtra, StorageFailed

pytestmark = pytest.mark.slow


def written(path: Path, **columns: Any) -> Path:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table(columns), path)
    return path


def test_cells_of_every_kind_become_json(tmp_path: Path) -> None:
    day, picture = datetime.date(2026, 1, 2), {"bytes": b"\x89PNG\r\n\x1a\n", "path": "a.png"}
    path = written(tmp_path / "a.parquet", a=["x", None], b=[1, 2], c=[[1.5], []], d=[day, day], e=[picture, picture])
    first, second = sheet.rows([(path, "parquet")])
    assert first.values == {"a": "x", "b": 1, "c": [1.5], "d": "2026-01-02", "e": "data:image/png;base64,iVBORw0KGgo="}
    assert second.values["a"] is None
    assert sheet.count([(path, "parquet")], 100) == 2


def test_whoever_stops_reading_leaves_no_process(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", a=["x" * 1000] * 5000)
    rows = sheet.rows([(path, "parquet")])
    assert next(rows).values == {"a": "x" * 1000}
    rows.close()


def test_what_unpacks_to_too_much_ends_its_process_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "bomb.parquet", a=["x" * 20_000_000] * 40)
    assert path.stat().st_size < 1_000_000
    monkeypatch.setattr(parquet_process, "MOST_MEMORY", 256 << 20)
    with pytest.raises(BadRequest, match="unpacks to more"):
        list(sheet.rows([(path, "parquet")]))


@pytest.mark.parametrize("content", [b"", b"PAR1" + bytes(100) + b"PAR1", b"no parquet at all"])
def test_what_is_none_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "a.parquet"
    path.write_bytes(content)
    with pytest.raises(BadRequest, match="no Parquet"):
        list(sheet.rows([(path, "parquet")]))


def test_answers_become_a_table(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    lines, path = tmp_path / "lines", tmp_path / "a.parquet"
    good = {"row": 1, "input": {"a": 1}, "output": "hi", "error": None, "cost": 0.5, "prompt_tokens": 3}
    bad = {"row": 2, "input": {"a": 2}, "output": None, "error": {"code": "x"}}
    lines.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in (good, bad)))
    parquet_process.write(lines, path)
    first, second = (row.values for row in sheet.rows([(path, "parquet")]))
    assert (first["row"], first["input"], first["output"], first["cost"]) == (1, '{"a":1}', "hi", 0.5)
    assert (second["error"], second["output"]) == ('{"code":"x"}', None)
    with pytest.raises(StorageFailed, match="cannot be written"):
        parquet_process.write(lines, tmp_path / "missing" / "a.parquet")


def test_without_pyarrow_the_command_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_process.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="'data'"):
        list(sheet.rows([(tmp_path / "a.parquet", "parquet")]))
