"""Will it fit? Over the native API."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.fakes import tiny_gguf
from tests.fakes.hub import FakeHub, serving
from tests.unit.api.conftest import Api

from serai.hub.headers import Headers
from serai.hub.remote import Hub


def here(api: Api, tmp_path: Path) -> None:
    path = str(tiny_gguf.write(tmp_path / "tiny.gguf", context=32768, width=256))
    model = replace(api.services.store.known["scripted"], path=path, format="gguf", context_length=32768)
    api.services.store.known["org/tiny"] = replace(model, name="org/tiny")


async def test_a_model_that_is_here_is_priced(api: Api, tmp_path: Path) -> None:
    here(api, tmp_path)
    answer = (await api.get("/api/v1/models/org/tiny/fit")).json()
    assert (answer["verdict"], answer["model"], answer["context_length"]) == ("fits", "org/tiny", 32768)
    parts = answer["need"]
    assert parts["total"] == sum(parts[name] for name in ("weights", "kv", "compute", "cache", "runtime"))
    assert answer["text"].startswith("Fits: needs ") and answer["room"] == {"cpu": 3_000_000_000}


async def test_sliders_change_the_price(api: Api, tmp_path: Path) -> None:
    here(api, tmp_path)
    asks = ("context=1024", "context=32768", "context=32768&kv_type=q8_0", "context=32768&parallel=8")
    prices = [(await api.get(f"/api/v1/fit?model=org/tiny&{ask}")).json()["need"]["kv"] for ask in asks]
    assert prices[0] < prices[2] < prices[1] < prices[3]


async def test_what_changes_no_price_is_checked_all_the_same(api: Api, tmp_path: Path) -> None:
    here(api, tmp_path)
    asks = {"device=cpu&flash_attention=false": 200, "bits=8&dtype=bfloat16": 200, "bits=5": 422, "device=moon": 422}
    for ask, status in asks.items():
        assert (await api.get(f"/api/v1/fit?model=org/tiny&{ask}")).status_code == status, ask


async def test_what_does_not_fit_comes_with_what_would(api: Api, tmp_path: Path) -> None:
    here(api, tmp_path)
    answer = (await api.get("/api/v1/fit?model=org/tiny&context=32768&parallel=64")).json()
    assert answer["verdict"] == "no" and answer["text"].startswith("Does not fit")
    assert answer["would_fit"]


async def test_a_model_of_the_hub_is_priced_before_it_is_here(api: Api, tmp_path: Path) -> None:
    async def nobody() -> None:
        return None

    data = tiny_gguf.write(tmp_path / "m.gguf").read_bytes()
    async with serving(FakeHub(files={"org/m": {"m.Q8_0.gguf": data}})) as hub:
        api.services.headers = Headers(Hub(lambda: hub.endpoint, nobody, lambda: False))
        answer = (await api.get("/api/v1/fit?model=org/m:Q8_0")).json()
        assert (answer["verdict"], answer["loading"]["context"]) == ("fits", 512)
        assert (await api.get("/api/v1/fit?model=org/none")).status_code == 404


async def test_wrong_questions_are_refused_by_name(api: Api) -> None:
    for ask in ("context=1", "kv_type=q9", "parallel=0", "gpu_layers=-1"):
        refused = await api.get(f"/api/v1/fit?model=scripted&{ask}")
        assert refused.status_code == 422 and ask.partition("=")[0] in refused.text
    assert (await api.get("/api/v1/fit?model=nothing")).status_code == 404
