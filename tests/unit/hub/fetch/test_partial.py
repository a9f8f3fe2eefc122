from __future__ import annotations

from pathlib import Path

import pytest

from serai.hub.fetch import partial
from serai.hub.fetch.partial import Partial, arrived


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partial, "_SMALLEST", 10)


def test_pieces_arrive_in_any_order(tmp_path: Path) -> None:
    with Partial(tmp_path / "x", 25) as part:
        part.write(2, b"ccccc")
        part.write(0, b"aaaaaaaaaa")
        assert (part.unfinished(), part.frontier(), part.have) == ([1], 10, 15)
        part.write(1, b"bbbbbbbbbb")
        assert (part.unfinished(), part.frontier()) == ([], 25)
        part.finish(tmp_path / "blob")
    assert (tmp_path / "blob").read_bytes() == b"a" * 10 + b"b" * 10 + b"c" * 5
    assert [path.name for path in tmp_path.iterdir()] == ["blob"]


def test_what_a_kill_left_is_known(tmp_path: Path) -> None:
    with Partial(tmp_path / "x", 25) as part:
        part.write(1, b"bbb")
    assert arrived(tmp_path / "x", 25) == 3
    with Partial(tmp_path / "x", 25) as part:
        assert (part.next(1), part.end(1), part.have) == (13, 20, 3)


@pytest.mark.parametrize("spoil", [b"", b"nonsense", b"serai\0\0\1" + b"\xff" * 40])
def test_without_a_map_that_fits_nothing_is_believed(tmp_path: Path, spoil: bytes) -> None:
    with Partial(tmp_path / "x", 25) as part:
        part.write(1, b"bbb")
    (tmp_path / "x.map").write_bytes(spoil)
    assert arrived(tmp_path / "x", 25) == 0
    with Partial(tmp_path / "x", 25) as part:
        assert part.have == 0


def test_a_file_of_another_size_is_begun_anew(tmp_path: Path) -> None:
    with Partial(tmp_path / "x", 25) as part:
        part.write(1, b"bbb")
    assert arrived(tmp_path / "x", 26) == 0


def test_a_small_file_is_as_long_as_it_has_come(tmp_path: Path) -> None:
    with Partial(tmp_path / "x", 8) as part:
        part.write(0, b"aaa")
    assert not (tmp_path / "x.map").exists()
    assert arrived(tmp_path / "x", 8) == 3
    (tmp_path / "x").write_bytes(b"too long!")
    assert arrived(tmp_path / "x", 8) == 0


def test_of_a_whole_stream_only_what_is_missing_is_taken(tmp_path: Path) -> None:
    with Partial(tmp_path / "x", 25) as part:
        part.write(1, b"bbb")
        assert part.place(0, b"a" * 12) == 10
        assert part.place(12, b"b" * 13) == 12
        assert part.unfinished() == []
    assert (tmp_path / "x").read_bytes() == b"a" * 10 + b"b" * 15


def test_an_empty_file_is_whole_at_once(tmp_path: Path) -> None:
    with Partial(tmp_path / "x", 0) as part:
        assert (part.unfinished(), part.frontier()) == ([], 0)
