"""The file of answers: bounded, damaged, cut off, full."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from serai.routing.cache.shelf import Kept, Shelf

ROOM = 1_000_000


def put(shelf: Shelf, key: bytes, answer: bytes = b"{}", most: int = ROOM) -> None:
    shelf.put(key, Kept(answer, 1.0), most, 0.0)


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "cache.db")
    for key in (b"1", b"2", b"3"):
        put(shelf, key, bytes(300))
    assert shelf.find(b"1", 0.0) is not None
    put(shelf, b"4", bytes(300), 1600)
    assert [shelf.find(key, 0.0) is not None for key in (b"1", b"2", b"3", b"4")] == [True, False, False, True]
    assert shelf.facts() == (2, 1000)
    shelf.close()


def test_what_is_too_old_goes(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "cache.db")
    put(shelf, b"1")
    put(shelf, b"2")
    assert shelf.find(b"1", 2.0) is None
    shelf.put(b"3", Kept(b"{}", 3.0), ROOM, 2.0)
    assert shelf.facts()[0] == 1
    shelf.close()


@pytest.mark.parametrize("damage", [b"no database at all" * 300, b"SQLite format 3\0" + bytes(4096)])
def test_a_damaged_file_is_begun_anew(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "cache.db"
    path.write_bytes(damage)
    shelf = Shelf(path)
    assert shelf.find(b"1", 0.0) is None
    put(shelf, b"1")
    assert shelf.find(b"1", 0.0) == Kept(b"{}", 1.0)
    shelf.close()


def test_an_answer_with_a_bit_turned_is_none(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "cache.db")
    put(shelf, b"1", b'{"text": "yes"}')
    with sqlite3.connect(tmp_path / "cache.db") as db:
        db.execute("UPDATE answers SET answer = ?", (b'{"text": "yeS"}',))
    db.close()
    assert shelf.find(b"1", 0.0) is None
    assert shelf.facts() == (0, 0)
    shelf.close()


def test_where_nothing_can_be_written_nothing_is_kept_and_nothing_raised(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "missing" / "cache.db")
    put(shelf, b"1")
    assert shelf.find(b"1", 0.0) is None
    assert shelf.facts() == (0, 0)


def test_a_full_disk_keeps_what_was_there(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "cache.db")
    put(shelf, b"1")
    assert shelf._db is not None
    pages = shelf._db.execute("PRAGMA page_count").fetchone()[0]
    shelf._db.execute(f"PRAGMA max_page_count = {pages}")  # SQLite's own way to say: the disk is full
    put(shelf, b"2", os.urandom(200_000))
    assert shelf.find(b"2", 0.0) is None
    assert shelf.find(b"1", 0.0) is not None
    shelf.close()


def test_clearing_leaves_no_file(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "cache.db")
    put(shelf, b"1")
    assert (tmp_path / "cache.db").stat().st_mode & 0o077 == 0
    shelf.clear()
    assert list(tmp_path.iterdir()) == []


WRITER = """
import itertools, sys
from pathlib import Path
from serai.routing.cache.shelf import Kept, Shelf
shelf = Shelf(Path(sys.argv[1]))
for number in itertools.count():
    shelf.put(b"%d" % number, Kept(b"%d" % number * 1000, 1.0), 10**9, 0.0)
    print(number, flush=True)
"""


@pytest.mark.slow
def test_a_kill_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "cache.db")]
    source = str(Path(__file__).parents[4] / "src")
    env = {**os.environ, "PYTHONPATH": source}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env) as process:
        assert process.stdout is not None
        last = next(int(line) for line in process.stdout if int(line) >= 50)
        process.kill()
    shelf = Shelf(tmp_path / "cache.db")
    for number in range(last + 1):
        assert shelf.find(b"%d" % number, 0.0) == Kept(b"%d" % number * 1000, 1.0)
    shelf.close()
