from __future__ import annotations

import os
from pathlib import Path

import pytest

from serai.hub.picture_shelf import Shelf


def test_what_is_kept_is_found_with_its_age(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "new")
    assert shelf.read("a") == (None, 0.0)
    shelf.write("a", b"one")
    shelf.write("a", b"two")
    content, since = shelf.read("a")
    assert content == b"two" and since > 1e9


def test_beyond_its_room_goes_what_was_looked_at_longest_ago(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, room=100)
    for age, name in enumerate("abcd"):
        shelf.write(name, b"0" * 25)
        os.utime(shelf._path(name), (1000 + age, 1000))
    shelf.read("a")
    shelf.write("e", b"0" * 25)
    assert [name for name in "abcde" if shelf.read(name)[0]] == ["a", "d", "e"]


def test_a_name_is_no_path(tmp_path: Path) -> None:
    Shelf(tmp_path / "in").write("../../out", b"x")
    assert [path.parent.name for path in tmp_path.rglob("*") if path.is_file()] == ["in"]


def test_a_full_disk_keeps_nothing_and_harms_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(tmp_path)
    shelf.write("a", b"one")

    def full(path: Path, _content: bytes) -> None:
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    shelf.write("a", b"two")
    assert shelf.read("a")[0] == b"one" and len(list(tmp_path.iterdir())) == 1
