"""Content that huggingface_hub keeps once for all repositories."""

from __future__ import annotations

from pathlib import Path

import pytest

from serai.hub import orphans
from serai.hub.cache import Repo

LATER = 4e9
XET = "ab" + "1" * 62


@pytest.fixture
def shared(cache: Path) -> Path:
    """One shared file, named by a data set."""
    place = cache / "blobs" / "ab" / XET
    place.parent.mkdir(parents=True)
    (cache / "blobs" / ".huggingface-shared-blobs").write_text("1\n")
    place.write_bytes(b"12345")
    place.with_name(f"{XET}.refs").write_text("datasets--a--b/blobs/x\n")
    repo = Repo(cache, "a/b", "datasets")
    repo.blobs.mkdir(parents=True)
    (repo.blobs / ("e" * 64)).symlink_to(f"../../blobs/ab/{XET}")
    return place


def test_what_a_repository_names_stays(cache: Path, shared: Path) -> None:
    assert orphans.find(cache, now=LATER) == []


def test_what_nothing_names_any_more_goes_with_its_list(cache: Path, shared: Path) -> None:
    (Repo(cache, "a/b", "datasets").blobs / ("e" * 64)).unlink()
    found = orphans.find(cache, now=LATER)
    assert [orphan.path for orphan in found] == [shared]
    assert orphans.remove(found) == 5
    assert list(shared.parent.iterdir()) == []


def test_what_was_written_just_now_stays(cache: Path, shared: Path) -> None:
    (Repo(cache, "a/b", "datasets").blobs / ("e" * 64)).unlink()
    assert orphans.find(cache) == []


def test_a_folder_of_another_form_is_left_alone(cache: Path, shared: Path) -> None:
    (Repo(cache, "a/b", "datasets").blobs / ("e" * 64)).unlink()
    (cache / "blobs" / ".huggingface-shared-blobs").write_text("2\n")
    assert orphans.find(cache, now=LATER) == []
