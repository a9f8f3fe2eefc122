"""The routes of the cache."""

from __future__ import annotations

from tests.fakes.scripted import MODEL

from serai.backend import collect
from serai.types import CHAT, Call, Wishes


async def test_what_is_kept_is_shown_and_forgotten(api) -> None:  # type: ignore[no-untyped-def]
    call = Call(task=CHAT, model="scripted", inputs={}, settings={"seed": 1}, wishes=Wishes(cache=True))
    await collect(api.services.cache.cached(call, MODEL, lambda: api.backend.run(call)))
    assert (await api.services.cache.lookup(call, MODEL)) is not None
    shown = (await api.get("/api/v1/cache")).json()
    assert (shown["enabled"], shown["entries"], shown["misses"], shown["hits"]) == ("tasks", 1, 1, 0)
    assert (await api.delete("/api/v1/cache")).status_code == 204
    assert (await api.get("/api/v1/cache")).json()["entries"] == 0
    assert (await api.services.cache.lookup(call, MODEL)) is None
