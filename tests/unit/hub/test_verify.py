from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.hub import FakeHub
from tests.unit.hub.conftest import NAME, asked, context, remote

from serai.errors import BadRequest, LoadFailed, ModelNotFound
from serai.hub.fetch.fetcher import Fetcher
from serai.hub.fetch.limits import Limits
from serai.hub.records import File, Records, Source
from serai.hub.store import Store
from serai.hub.verify import Verify

MODEL = f"{NAME}:Q8_0"


@pytest.fixture
def verify(hub: FakeHub, store: Store, records: Records, cache: Path) -> Callable[..., Any]:
    async def run(model: str | None = MODEL, *, repair: bool = False) -> dict[str, Any]:
        source = remote(hub)
        kind = Verify(source, store, records, cache, Fetcher(source, Limits(), pause=lambda n: 0.0))
        job = context("")
        job.args = {"model": model, "repair": repair}
        return await kind.run(job)

    return run


@pytest.fixture
async def path(hub: FakeHub, fetch: Callable[..., Any], store: Store) -> Path:
    hub.files[NAME]["mmproj.gguf"] = b"GGUF" * 99
    path = Path((await store.find((await fetch())["model"])).path or "")
    hub.requests.clear()
    return path


def spoil(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.resolve().write_bytes(data)


async def test_what_is_whole_is_said_so(verify: Any, path: Path, records: Records) -> None:
    assert await verify() == {"checked": 2, "untold": [], "repaired": [], "damaged": [], "missing": []}
    assert {file.state for file in await records.files(MODEL)} == {"verified"}


async def test_one_damaged_bit_is_found_and_kept_in_mind(verify: Any, path: Path, records: Records) -> None:
    spoil(path)
    assert (await verify())["damaged"] == [f"{MODEL}: tiny-Q8_0.gguf"]
    assert [file.state for file in await records.files(MODEL)] == ["verified", "damaged"]


async def test_only_the_damaged_file_is_fetched_again(verify: Any, path: Path, hub: FakeHub, tiny: Path) -> None:
    spoil(path)
    assert (await verify(repair=True))["repaired"] == [f"{MODEL}: tiny-Q8_0.gguf"]
    assert path.read_bytes() == tiny.read_bytes()
    assert len(asked(hub)) == 1
    assert (await verify(None))["damaged"] == []


async def test_a_damaged_model_is_not_loaded_until_it_is_repaired(verify: Any, path: Path, records: Records) -> None:
    spoil(path)
    await records.vouch(MODEL)
    await verify()
    with pytest.raises(LoadFailed, match="damaged") as caught:
        await records.vouch(MODEL)
    assert "serai repair" in caught.value.hint
    await verify(repair=True)
    await records.vouch(MODEL)


async def test_a_missing_file_comes_back(verify: Any, path: Path, tiny: Path) -> None:
    path.resolve().unlink()
    path.unlink()
    assert (await verify())["missing"] == [f"{MODEL}: tiny-Q8_0.gguf"]
    await verify(repair=True)
    assert path.read_bytes() == tiny.read_bytes()


async def test_what_serai_did_not_download_it_does_not_repair(
    verify: Any, records: Records, store: Store, tiny: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(tiny.read_bytes())
    await store.add(mine, "mine")
    file = File(model="mine", name="mine.gguf", path=str(mine), size=7, etag="a" * 64)
    await records.put(Source(model="mine", kind="ollama"), [file])
    with pytest.raises(BadRequest, match="did not download"):
        await verify("mine", repair=True)
    assert mine.read_bytes() == tiny.read_bytes()


async def test_a_model_that_is_not_there_is_said_so(verify: Any) -> None:
    with pytest.raises(ModelNotFound):
        await verify("nobody/knows")
