from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.hub import FakeHub
from tests.unit.hub.conftest import NAME, asked, blobs, context, remote

from serai.hub.records import Records
from serai.hub.store import GUIDE, Store
from serai.hub.weights import Weights

Fetch = Callable[..., Any]
MODEL = f"{NAME}:Q8_0"


@pytest.fixture
def weights(hub: FakeHub, store: Store, records: Records, cache: Path) -> Weights:
    return Weights(store, records, remote(hub), cache)


async def test_the_overview_tells_what_is_there_and_where_from(weights: Weights, fetch: Fetch, tiny: Path) -> None:
    await fetch()
    seen = await weights.overview()
    assert [(model["name"], model["kind"]) for model in seen["models"]] == [(GUIDE, "embedded"), (MODEL, "hub")]
    assert seen["used"] == tiny.stat().st_size
    assert 0 < seen["free"] <= seen["total"]


async def test_what_repositories_share_is_counted_once(weights: Weights, cache: Path) -> None:
    place = cache / "blobs" / "ab" / "x"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"x" * 5000)
    for name in ("a", "b"):
        (cache / f"models--{name}" / "blobs").mkdir(parents=True)
        (cache / f"models--{name}" / "blobs" / "etag").symlink_to(place)
    assert (await weights.overview())["used"] == 5000


async def test_an_entry_tells_every_file(weights: Weights, fetch: Fetch, hub: FakeHub) -> None:
    await fetch()
    entry = await weights.entry(MODEL)
    assert (entry["repo"], entry["revision"], entry["commit"]) == (NAME, "main", hub.commit)
    assert [(file["name"], file["state"]) for file in entry["files"]] == [("tiny-Q8_0.gguf", "verified")]


async def test_a_newer_revision_is_noticed_and_takes_the_olds_place(
    weights: Weights, fetch: Fetch, hub: FakeHub, store: Store, cache: Path, tiny: Path
) -> None:
    await fetch()
    await store.set_settings(MODEL, {"top_k": 7})
    hub.commit = "d" * 40
    assert [row["update"] for row in await weights.updates()] == [False]  # no file of it has changed
    hub.files[NAME]["tiny-Q8_0.gguf"] = tiny.read_bytes() + b"newer"
    assert [row["update"] for row in await weights.updates()] == [True]
    assert (await weights.entry(MODEL))["update"]
    await fetch()
    model = await store.find(MODEL)
    assert Path(model.path or "").read_bytes().endswith(b"newer")
    assert model.settings["top_k"] == 7
    assert len(blobs(cache)) == 1
    assert not (await weights.entry(MODEL))["update"]


async def test_a_fixed_revision_has_a_name_and_files_of_its_own(
    weights: Weights, fetch: Fetch, hub: FakeHub, store: Store, cache: Path
) -> None:
    await fetch(f"{NAME}@{'c' * 40}")
    assert [model.name for model in await store.models()][1:] == [f"{MODEL}@{'c' * 40}"]
    assert not (cache / "models--acme--tiny-GGUF" / "refs").exists()
    assert await weights.updates() == []


async def test_a_download_that_goes_on_stays_with_its_commit(fetch: Fetch, hub: FakeHub) -> None:
    await fetch(job=context(NAME, checkpoint={"commit": "c" * 40}))
    assert hub.requests[0][0].endswith("c" * 40)


async def test_a_hub_that_is_away_is_told_per_model(weights: Weights, fetch: Fetch, hub: FakeHub) -> None:
    await fetch()
    hub.files.clear()
    assert [row["error"]["code"] for row in await weights.updates()] == ["model_not_found"]


async def test_what_was_verified_is_not_read_again(fetch: Fetch, hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    await fetch()
    monkeypatch.setattr("serai.hub.fetch.fetcher.matches", None)
    await fetch()
    assert len(asked(hub)) == 1


async def test_what_another_tool_left_is_checked_before_it_is_used(
    fetch: Fetch, hub: FakeHub, cache: Path, tiny: Path, store: Store
) -> None:
    await fetch()
    [blob] = blobs(cache)
    blob.write_bytes(b"x" * tiny.stat().st_size)
    model = await store.find((await fetch())["model"])
    assert Path(model.path or "").read_bytes() == tiny.read_bytes()
    assert len(asked(hub)) == 2


async def test_garbage_is_told_and_collected(weights: Weights, fetch: Fetch, cache: Path) -> None:
    await fetch()
    left = cache / "models--acme--tiny-GGUF" / "blobs" / f"{'a' * 64}.serai.incomplete"
    left.write_bytes(b"12345")
    assert (await weights.gc((), dry_run=True))["size"] == 5
    assert left.exists()
    assert (await weights.gc(()))["freed"] == 5
    assert not left.exists()
