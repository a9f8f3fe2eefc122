"""The routes of the weight store over real ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest_asyncio
from tests.fakes.hub import FakeHub, serving
from tests.fakes.waiting import until
from tests.unit.api.conftest import living

from serai import wiring as house
from serai.app import build_app
from serai.settings import SettingsFile

NAME = "acme/tiny-GGUF"
MODEL = f"{NAME}:Q8_0"


@pytest_asyncio.fixture
async def hub(tiny: Path) -> AsyncIterator[FakeHub]:
    async with serving(FakeHub({NAME: {"tiny-Q8_0.gguf": tiny.read_bytes()}})) as running:
        yield running


@pytest_asyncio.fixture
async def api(hub: FakeHub, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    environ = {"HF_HOME": str(tmp_path / "hf"), "HOME": str(tmp_path), "HF_ENDPOINT": hub.endpoint}
    environ |= {"SERAI_MODELS_PRELOAD": "false", "SERAI_HUB_ADOPT": "false"}
    app = build_app(house.build(SettingsFile(tmp_path / "home", environ)))
    async with living(app):
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:7372") as client:
            yield client


async def done(api: httpx2.AsyncClient, answer: httpx2.Response) -> dict[str, Any]:
    """The job when it has ended."""
    assert answer.status_code == 202, answer.text
    place = f"/api/v1/jobs/{answer.json()['id']}"

    async def ended() -> bool:
        return (await api.get(place)).json()["state"] not in ("queued", "running")

    await until(ended, 20)
    return (await api.get(place)).json()  # type: ignore[no-any-return]


async def pulled(api: httpx2.AsyncClient) -> dict[str, Any]:
    return await done(api, await api.post("/api/v1/downloads", json={"model": NAME, "priority": 5}))


async def test_a_download_shows_up_in_the_store(api: httpx2.AsyncClient) -> None:
    job = await pulled(api)
    assert (job["state"], job["result"]["model"], job["priority"]) == ("done", MODEL, 5)
    store = (await api.get("/api/v1/store")).json()
    assert [(model["name"], model["kind"]) for model in store["models"]][1:] == [(MODEL, "hub")]
    entry = (await api.get(f"/api/v1/store/models/{MODEL}")).json()
    assert [file["state"] for file in entry["files"]] == ["verified"]


async def test_damage_is_found_and_repaired_by_jobs(api: httpx2.AsyncClient) -> None:
    await pulled(api)
    path = Path((await api.get(f"/api/v1/models/{MODEL}")).json()["path"]).resolve()
    path.write_bytes(b"x" * path.stat().st_size)
    found = await done(api, await api.post("/api/v1/store/verify", json={"model": MODEL}))
    assert found["result"]["damaged"] == [f"{MODEL}: tiny-Q8_0.gguf"]
    mended = await done(api, await api.post("/api/v1/store/verify", json={"model": MODEL, "repair": True}))
    assert mended["result"]["repaired"] == [f"{MODEL}: tiny-Q8_0.gguf"]
    assert (await api.post("/api/v1/store/verify", json={"model": "nobody"})).status_code == 404


async def test_garbage_updates_and_adoption_answer(api: httpx2.AsyncClient, hub: FakeHub) -> None:
    await pulled(api)
    hub.commit, hub.files[NAME]["tiny-Q8_0.gguf"] = "d" * 40, b"new"
    assert (await api.post("/api/v1/store/gc?dry_run=true")).json() == {"found": [], "size": 0, "freed": 0}
    assert [row["update"] for row in (await api.post("/api/v1/store/updates")).json()["updates"]] == [True]
    assert (await api.post("/api/v1/store/adopt")).json() == {"added": [], "gone": []}


async def test_deleting_takes_the_files_along(api: httpx2.AsyncClient, tmp_path: Path) -> None:
    await pulled(api)
    assert (await api.delete(f"/api/v1/models/{MODEL}?files=true")).status_code == 204
    assert not list((tmp_path / "hf").rglob("*.gguf"))


async def test_the_priority_of_a_job_can_be_changed(api: httpx2.AsyncClient) -> None:
    job = await pulled(api)
    changed = await api.patch(f"/api/v1/jobs/{job['id']}", json={"priority": -3})
    assert changed.json()["priority"] == -3
    assert (await api.patch(f"/api/v1/jobs/{job['id']}", json={"priority": 1000})).status_code in (400, 422)


async def test_data_sets_are_told_pinned_and_deleted(api: httpx2.AsyncClient, tmp_path: Path) -> None:
    blobs = tmp_path / "hf" / "hub" / "datasets--acme--rows" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / ("a" * 64)).write_bytes(b"12345")
    assert (await api.patch("/api/v1/store/data-sets/acme/rows", json={"pinned": True})).status_code == 204
    [told] = (await api.get("/api/v1/store")).json()["data_sets"]
    assert (told["name"], told["size"], told["stays"]) == ("acme/rows", 5, "pinned")
    assert (await api.post("/api/v1/store/gc?data_sets_days=0")).json()["freed"] == 0
    await api.patch("/api/v1/store/data-sets/acme/rows", json={"pinned": False})
    assert (await api.post("/api/v1/store/gc?dry_run=true")).json()["found"] == []
    gone = (await api.post("/api/v1/store/gc?data_sets_days=0")).json()
    assert (gone["found"][0]["path"], gone["freed"]) == ("datasets/acme/rows", 5)
    assert (await api.delete("/api/v1/store/data-sets/acme/rows")).status_code == 404
