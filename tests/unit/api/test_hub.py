"""The hub's models over the native API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest_asyncio
from tests.fakes.hub import FakeHub, serving
from tests.unit.api.conftest import Api

from serai.hub.catalogue import Catalogue
from serai.hub.known import Known
from serai.hub.remote import Hub

NAME = "acme/tiny-GGUF"
GB = 10**9


@pytest_asyncio.fixture
async def hub(api: Api, tmp_path: Path) -> AsyncIterator[FakeHub]:
    async def nobody() -> None:
        return None

    files = {"tiny-Q4_K_M.gguf": b"q", "tiny-Q8_0.gguf": b"q8", "tiny-F16.gguf": b"f16f", "README.md": b"# Tiny"}
    hub = FakeHub(
        {NAME: files}, length={"tiny-Q4_K_M.gguf": 5 * GB, "tiny-Q8_0.gguf": 7 * GB, "tiny-F16.gguf": 20 * GB}
    )
    hub.facts[NAME] = {"tags": ["gguf"], "gguf": {"total": 9 * GB}, "downloads": 5, "gated": "manual"}
    async with serving(hub):
        known = Known(tmp_path / "known.db")
        api.services.catalogue = Catalogue(Hub(lambda: hub.endpoint, nobody, lambda: False), known)
        yield hub


async def test_search_tells_facts_and_fit(api: Api, hub: FakeHub) -> None:
    body = (await api.get("/api/v1/hub/models?query=tiny&format=gguf&limit=5")).json()
    (model,) = body["models"]
    assert (body["offline"], body["next"], model["name"], model["gated"]) == (False, None, NAME, "manual")
    assert (model["size"], model["fit"]["verdict"], model["here"]) == (5_490_000_000, "fits", [])
    assert model["fit"]["text"].startswith("Fits: needs about 6.9 GB")


async def test_a_page_has_the_quantisations_side_by_side(api: Api, hub: FakeHub) -> None:
    scripted = api.services.store.known["scripted"]
    api.services.store.known[f"{NAME}:Q8_0"] = replace(scripted, name=f"{NAME}:Q8_0")
    job = (await api.post("/api/v1/downloads", json={"model": f"{NAME}:Q4_K_M"})).json()["id"]
    body = (await api.get(f"/api/v1/hub/models/{NAME}?language=de")).json()
    forms = [(form["label"], form["fit"]["verdict"], form["recommended"], form["here"]) for form in body["variants"]]
    assert forms == [("Q4_K_M", "fits", True, False), ("Q8_0", "tight", False, True), ("F16", "no", False, False)]
    assert body["variants"][0]["job"] == body["job"] == job and body["here"] == [f"{NAME}:Q8_0"]
    assert body["card"] == "# Tiny" and body["gate"]["text"].startswith("Seine Hersteller")
    assert body["variants"][1]["fit"]["text"].startswith("Passt mit kurzem Kontext: braucht etwa 7,4 GB")


async def test_another_revision_is_in_the_names_of_what_can_be_downloaded(api: Api, hub: FakeHub) -> None:
    names = [
        (await api.get(f"/api/v1/hub/models/{NAME}?revision={at}")).json()["variants"][0]["name"]
        for at in ("main", "v1")
    ]
    assert names == [f"{NAME}:Q4_K_M", f"{NAME}:Q4_K_M@v1"]


async def test_without_the_hub_what_is_known_is_told(api: Api, hub: FakeHub, tmp_path: Path) -> None:
    async def nobody() -> None:
        return None

    await api.get(f"/api/v1/hub/models/{NAME}")
    api.services.catalogue = Catalogue(Hub(lambda: hub.endpoint, nobody, lambda: True), Known(tmp_path / "known.db"))
    body = (await api.get("/api/v1/hub/models?query=tiny")).json()
    assert body["offline"] and body["reason"]["code"] == "hub_unreachable" and len(body["models"]) == 1
    assert (await api.get(f"/api/v1/hub/models/{NAME}")).json()["offline"]
    missed = await api.get("/api/v1/hub/models/acme/tiny-GGU")
    assert missed.status_code == 502 and missed.json()["error"]["facts"]["nearest"] == [NAME]


async def test_wrong_questions_are_refused_by_name(api: Api, hub: FakeHub) -> None:
    asks = ("models?format=exe", "models?limit=0", "models?sort=x", "models?nonsense=1")
    assert [(await api.get(f"/api/v1/hub/{ask}")).status_code for ask in asks] == [422] * 4
    assert (await api.get("/api/v1/hub/models/..%2Fetc")).status_code in (400, 404)
    assert (await api.get("/api/v1/hub/models/a/b/c")).status_code == 400
    missed = await api.get("/api/v1/hub/models/acme/tiny")
    assert missed.status_code == 404 and missed.json()["error"]["facts"]["nearest"] == [NAME]
