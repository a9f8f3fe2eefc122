from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from tests.unit.hub.conftest import NAME, blobs

from serai.hub import orphans
from serai.hub.cache import PARTIAL, Repo

LATER = 4e9
"""A moment long after everything here was written."""


@pytest.fixture
async def repo(fetch: Callable[..., Any], cache: Path) -> Repo:
    await fetch()
    return Repo(cache, NAME)


def names(found: list[orphans.Orphan]) -> list[str]:
    return [orphan.path.name for orphan in found]


async def test_what_models_name_is_none(repo: Repo, cache: Path) -> None:
    assert orphans.find(cache, now=LATER) == []


@pytest.mark.parametrize("left", [f"{'a' * 64}{PARTIAL}", f"{'a' * 64}.1234abcd.incomplete", "a" * 64])
async def test_what_dead_downloads_left_is_found_and_removed(repo: Repo, cache: Path, left: str) -> None:
    (repo.blobs / left).write_bytes(b"12345")
    found = orphans.find(cache, now=LATER)
    assert names(found) == [left]
    assert orphans.remove(found) == 5
    assert len(blobs(cache)) == 1


async def test_what_a_download_will_come_back_for_stays(repo: Repo, cache: Path) -> None:
    (repo.blobs / f"{'a' * 64}{PARTIAL}").write_bytes(b"1")
    (repo.blobs / ("b" * 64)).write_bytes(b"1")
    assert orphans.find(cache, {NAME}, now=LATER) == []


async def test_what_another_program_is_fetching_stays(repo: Repo, cache: Path) -> None:
    (repo.blobs / f"{'a' * 64}.1234abcd.incomplete").write_bytes(b"1")
    assert orphans.find(cache) == []  # it was written to just now
    repo.lock("a" * 64).parent.mkdir(parents=True, exist_ok=True)
    with FileLock(repo.lock("a" * 64)):
        assert orphans.find(cache, now=LATER) == []
    assert len(orphans.find(cache, now=LATER)) == 1


async def test_a_cache_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert orphans.find(tmp_path / "nowhere") == []
    assert not (tmp_path / "nowhere").exists()
