from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.hub import FakeHub
from tests.unit.hub.conftest import remote

from serai.hub.quota import Held, Quota, QuotaFull, victims
from serai.hub.records import Records
from serai.hub.store import Store
from serai.hub.weights import Weights

OLD, NEW = Held("old", 40, 1.0), Held("new", 40, 2.0)


def test_the_least_recently_used_go_first_and_no_more_than_needed() -> None:
    assert victims([NEW, OLD], 30, 100) == ["old"]
    assert victims([NEW, OLD], 20, 100) == []
    assert victims([NEW, OLD], 100, 100) == ["old", "new"]


@pytest.mark.parametrize("why", ["pinned", "loaded", "downloading"])
def test_what_must_stay_stays(why: str) -> None:
    stays = Held("old", 40, 1.0, why)
    assert victims([NEW, stays], 30, 100) == ["new"]
    with pytest.raises(QuotaFull, match=rf"These stay: old \({why}\)") as caught:
        victims([NEW, stays], 70, 100)
    assert "hub.quota_gb" in caught.value.hint


@pytest.mark.parametrize(("pinned", "loaded"), [(False, False), (True, False), (False, True)])
async def test_a_download_makes_room_unless_it_may_not(
    hub: FakeHub, fetch: Callable[..., Any], store: Store, records: Records, cache: Path, pinned: bool, loaded: bool
) -> None:
    hub.files["acme/other"] = {"other-Q8_0.gguf": hub.files["acme/tiny-GGUF"]["tiny-Q8_0.gguf"] + b"more"}
    first = (await fetch())["model"]
    await store.set_pinned(first, pinned)
    weights = Weights(store, records, remote(hub), cache, in_use=lambda: {first} if loaded else ())
    quota = Quota(lambda: 700_000, weights.held, weights.remove)
    if pinned or loaded:
        with pytest.raises(QuotaFull):
            await fetch("acme/other", quota=quota)
        assert (await store.find(first)).path
    else:
        await fetch("acme/other", quota=quota)
        assert [model.name for model in await store.models()][1:] == ["acme/other:Q8_0"]
        assert not list(cache.glob("models--acme--tiny-GGUF/blobs/*"))
