"""Files that clients bring."""

from __future__ import annotations

import errno
import hashlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from serai.errors import BadRequest, NotFound
from serai.hub.created import Created
from serai.hub.faults import DiskFull

CONTENT = b"x" * 1000
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


@pytest.fixture
def created(tmp_path: Path) -> Created:
    return Created(tmp_path)


async def chunks(*parts: bytes | Exception) -> AsyncIterator[bytes]:
    for one in parts:
        if isinstance(one, Exception):
            raise one
        yield one


def left(home: Path) -> list[str]:
    return sorted(path.name for path in home.rglob("*") if path.is_file())


async def test_what_comes_is_kept_by_its_digest_once(created: Created, tmp_path: Path) -> None:
    assert await created.take(DIGEST, chunks(CONTENT[:300], CONTENT[300:]))
    assert not await created.take(DIGEST.replace(":", "-"), chunks())
    assert created.blob(DIGEST).read_bytes() == CONTENT and len(left(tmp_path)) == 1


@pytest.mark.parametrize("parts", [(CONTENT[1:],), (CONTENT[:9], ConnectionError()), (CONTENT, KeyError())])
async def test_nothing_stays_of_what_is_another_or_breaks_off(created: Created, tmp_path: Path, parts: Any) -> None:
    with pytest.raises((BadRequest, ConnectionError, KeyError)):
        await created.take(DIGEST, chunks(*parts))
    assert left(tmp_path) == []


async def test_a_full_disk_is_told_in_words(created: Created, tmp_path: Path) -> None:
    with pytest.raises(DiskFull):
        await created.take(DIGEST, chunks(OSError(errno.ENOSPC, "full")))
    assert left(tmp_path) == []


@pytest.mark.parametrize("digest", ["", "sha256:x", "../../etc/passwd", DIGEST + "0", DIGEST.upper()])
def test_what_is_no_digest_names_no_file(created: Created, digest: str) -> None:
    with pytest.raises(BadRequest, match="digest"):
        created.blob(digest)


async def test_a_file_and_its_blob_are_one_and_go_together(created: Created, tmp_path: Path) -> None:
    await created.take(DIGEST, chunks(CONTENT))
    place = created.name("org/m:Q4", "../../a b.gguf", DIGEST)
    assert place.samefile(created.blob(DIGEST)) and place.is_relative_to(tmp_path / "created")
    assert created.name("org-m:Q4", "a.gguf", DIGEST).parent != place.parent
    os.utime(created.blob(DIGEST), (0, time.time() - 3600))
    created.drop(str(place))
    assert created.blob(DIGEST).is_file()
    created.drop(str(created.name("org-m:Q4", "a.gguf", DIGEST)))
    assert left(tmp_path) == []


def test_only_what_lies_there_is_dropped(created: Created, tmp_path: Path) -> None:
    (other := tmp_path / "other" / "m.gguf").parent.mkdir()
    other.write_bytes(b"x")
    created.drop(str(other))
    created.drop(None)
    assert other.is_file()
    with pytest.raises(NotFound, match="no blob"):
        created.name("m", "a", DIGEST)
