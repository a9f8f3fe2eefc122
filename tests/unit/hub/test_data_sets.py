from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from filelock import FileLock

from serai.errors import Conflict, NotFound
from serai.hub.cache import Repo
from serai.hub.data_sets import KIND, DataSets
from serai.storage.database import Database
from serai.storage.memory import Memory

MONTH = 30 * 86_400.0
OLD = time.time() - 2 * MONTH


@pytest.fixture
def sets(db: Database, cache: Path) -> DataSets:
    return DataSets(cache, Memory(db))


def put(cache: Path, name: str, size: int = 10, at: float = OLD) -> Repo:
    """A data set as huggingface_hub stores it, read and written last at that moment."""
    repo, etag = Repo(cache, name, KIND), "a" * 64
    repo.prepare(etag)
    repo.blob(etag).write_bytes(b"x" * size)
    os.utime(repo.blob(etag), (at, at))
    repo.link("c" * 40, "data.csv", etag)
    return repo


async def test_they_are_told_with_their_size_the_largest_first(sets: DataSets, cache: Path) -> None:
    put(cache, "acme/small")
    put(cache, "acme/large", 99)
    assert [(one.name, one.size, one.used_at) for one in await sets.all()] == [
        ("acme/large", 99, OLD),
        ("acme/small", 10, OLD),
    ]


async def test_only_what_nobody_used_goes(sets: DataSets, cache: Path) -> None:
    old, new = put(cache, "acme/old"), put(cache, "acme/new", at=time.time())
    told, freed = await sets.gc(MONTH, dry_run=True)
    assert ([one.name for one in told], freed, old.folder.exists()) == (["acme/old"], 0, True)
    assert (await sets.gc(MONTH))[1] == 10
    assert (old.folder.exists(), new.folder.exists()) == (False, True)


async def test_what_the_mirror_was_asked_for_is_used(db: Database, cache: Path) -> None:
    put(cache, "acme/old")
    sets = DataSets(cache, Memory(db), used=lambda _name: time.time())
    assert (await sets.gc(MONTH))[0] == []


async def test_what_is_pinned_stays_until_it_is_let_go(sets: DataSets, cache: Path) -> None:
    put(cache, "acme/old")
    await sets.pin("acme/old", True)
    assert ([one.stays for one in await sets.all()], await sets.gc(0)) == (["pinned"], ([], 0))
    await sets.pin("acme/old", False)
    assert (await sets.gc(0))[1] == 10


async def test_what_somebody_fetches_stays(sets: DataSets, db: Database, cache: Path) -> None:
    repo = put(cache, "acme/old")
    with FileLock(repo.lock("a" * 64)):
        assert await sets.gc(0) == ([], 0)
        with pytest.raises(Conflict):
            await sets.remove("acme/old")
    (repo.blobs / "b.incomplete").write_bytes(b"1")
    assert await sets.gc(0) == ([], 0)
    (repo.blobs / "b.incomplete").unlink()
    assert await DataSets(cache, Memory(db), lambda: {"acme/old"}).gc(0) == ([], 0)


async def test_a_link_is_not_followed(sets: DataSets, cache: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "blobs").mkdir(parents=True)
    (elsewhere / "blobs" / "mine").write_bytes(b"1")
    cache.mkdir()
    (cache / "datasets--acme--x").symlink_to(elsewhere)
    assert (await sets.gc(0), (elsewhere / "blobs" / "mine").exists()) == (([], 0), True)


async def test_one_that_is_not_there_is_said(sets: DataSets) -> None:
    with pytest.raises(NotFound, match="no data set acme/none"):
        await sets.remove("acme/none")
