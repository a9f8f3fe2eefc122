from pathlib import Path

import pytest

from serai.hub.cache import Repo
from serai.hub.mirror.asked import Place
from serai.hub.mirror.kept import Kept
from serai.hub.records import File, Records, Source
from serai.storage.database import Database

PLACE, COMMIT, ETAG = Place("models", "acme/tiny"), "c" * 40, "a" * 64
NAME = "mirror:models/acme/tiny"


@pytest.fixture
def records(db: Database) -> Records:
    return Records(db)


@pytest.fixture
def kept(tmp_path: Path, records: Records) -> Kept:
    return Kept(tmp_path / "mirror", tmp_path / "hf", records)


def fetched(kept: Kept, tmp_path: Path, place: Place = PLACE, etag: str = ETAG) -> Path:
    """A file as the mirror leaves it in the cache."""
    repo = Repo(tmp_path / "hf", place.name, place.kind)
    repo.prepare(etag)
    repo.blob(etag).write_bytes(b"12345")
    kept.add(place, COMMIT, "sub/a.txt", etag, 5)
    return repo.link(COMMIT, "sub/a.txt", etag)


async def test_what_was_fetched_counts_once_and_can_go(kept: Kept, tmp_path: Path) -> None:
    link = fetched(kept, tmp_path)
    fetched(kept, tmp_path)
    (held,) = await kept.held()
    assert (held.name, held.size, held.stays) == (NAME, 5, "") and kept.owns(held.name)
    await kept.remove(held.name)
    assert not link.exists() and not list((tmp_path / "hf").glob("models--*")) and not await kept.held()


async def test_data_sets_go_as_well(kept: Kept, tmp_path: Path) -> None:
    link = fetched(kept, tmp_path, Place("datasets", "acme/rows"))
    await kept.remove("mirror:datasets/acme/rows")
    assert not link.exists() and not list((tmp_path / "hf").glob("datasets--*"))


async def test_what_has_become_a_model_of_this_machine_stays(kept: Kept, tmp_path: Path, records: Records) -> None:
    link = fetched(kept, tmp_path)
    await records.put(
        Source(model="m", kind="huggingface"), [File(model="m", name="sub/a.txt", path=str(link), size=5)]
    )
    assert (await kept.held())[0].stays == "a model here"
    await kept.remove(NAME)
    assert link.read_bytes() == b"12345"


async def test_what_is_arriving_stays(kept: Kept, tmp_path: Path) -> None:
    fetched(kept, tmp_path)
    assert (await kept.held([PLACE]))[0].stays == "arriving"


async def test_what_others_put_into_the_same_repository_stays(kept: Kept, tmp_path: Path) -> None:
    fetched(kept, tmp_path)
    repo = Repo(tmp_path / "hf", PLACE.name)
    repo.blob("b" * 64).write_bytes(b"theirs")
    theirs = repo.link(COMMIT, "theirs.txt", "b" * 64)
    await kept.remove(NAME)
    assert theirs.read_bytes() == b"theirs"


async def test_half_a_line_after_a_power_cut_is_none(kept: Kept, tmp_path: Path) -> None:
    fetched(kept, tmp_path)
    listed = tmp_path / "mirror" / "models--acme--tiny" / "fetched.jsonl"
    listed.write_text(listed.read_text() + '{"commit": "c')
    assert [held.size for held in await kept.held()] == [5]
