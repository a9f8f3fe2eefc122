"""How a call wants its model loaded, and how long it may stay."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes import tiny_gguf
from tests.fakes.store import gguf_model
from tests.fakes.waiting import until

from serai.hosting.pool import Pool
from serai.types import Model

pytestmark = pytest.mark.engine
Make = Callable[..., Pool]


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return gguf_model(tiny_gguf.write(tmp_path / "m.gguf", context=2048), context_length=2048)


async def test_a_context_is_only_ever_made_longer(make_pool: Make, model: Model) -> None:
    pool = make_pool()
    assert (await pool.wished(model, {"context": 300})).loading == {}
    assert (await pool.wished(model, {"context": 1 << 20})).loading == {"context": 2048}
    await pool.load(model)
    assert (await pool.wished(model, {"context": 400})).loading == {} and pool.loaded() == ["tiny"]
    assert (await pool.wished(model, {"context": 1024})).loading == {"context": 1024} and pool.loaded() == []


async def test_one_that_is_used_stays_as_it_is(make_pool: Make, model: Model) -> None:
    pool = make_pool()
    async with pool.lease(model):
        assert await pool.wished(model, {"context": 1024}) == model
        await pool.keep("tiny", 0)
        assert pool.loaded() == ["tiny"]
    await until(lambda: pool.loaded() == [])


async def test_threads_are_a_reason_to_load_anew(make_pool: Make, model: Model) -> None:
    pool = make_pool()
    await pool.load(await pool.wished(model, {"threads": 1}))
    assert (await pool.wished(model, {"threads": 1})).loading == {"threads": 1} and pool.loaded() == ["tiny"]
    assert (await pool.wished(model, {"threads": 2})).loading == {"threads": 2} and pool.loaded() == []


async def test_a_stay_for_good_protects_from_making_room_until_it_is_unloaded(make_pool: Make, model: Model) -> None:
    pool = make_pool(idle_minutes=0.001)
    await pool.load(model)
    await pool.keep("tiny", math.inf)
    place = pool._entries["tiny"].place()
    assert place.pinned and pool.kept("tiny") == math.inf
    await pool.unload("tiny")
    assert pool.kept("tiny") is None and not pool._entries["tiny"].place().pinned
