"""The pool with processes by script: loading, sharing, waiting, evicting, failing, ending."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.contract.conftest import by_script, write_script
from tests.fakes.store import gguf_model
from tests.fakes.waiting import until

from serai.errors import Busy, LoadFailed, ModelFailed
from serai.hosting.budget import Device
from serai.hosting.failure import load_failed
from serai.hosting.pool import Pool
from serai.types import CHAT, Call, Model, Usage

pytestmark = pytest.mark.engine
MakePool = Callable[..., Pool]
MakeModel = Callable[..., Model]


@pytest.fixture(autouse=True)
def _others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers that live as long as the whole run are not this test's."""
    monkeypatch.setitem(globals(), "_known", set(psutil.Process().children()))


_known: set[psutil.Process] = set()


def children() -> set[psutil.Process]:
    """The processes that the test has started and that have not ended."""
    return set(psutil.Process().children()) - _known


@pytest.fixture
def model(tmp_path: Path) -> MakeModel:
    def make(name: str = "a", *, load: list[dict[str, Any]] | None = None, **facts: Any) -> Model:
        return gguf_model(write_script(tmp_path / f"{name}.json", {"text": "x"}, load=load or []), name, **facts)

    return make


def pool_of(make_pool: MakePool, **wishes: Any) -> Pool:
    return make_pool(launcher=by_script, **wishes)


async def test_two_callers_share_one_load(make_pool: MakePool, model: MakeModel) -> None:
    pool = pool_of(make_pool)
    async with pool.lease(model()) as first, pool.lease(model()) as second:
        assert first is second
    assert len(pool.running()) == 1


async def test_several_models_load_at_the_same_time(make_pool: MakePool, model: MakeModel) -> None:
    pool = pool_of(make_pool)
    loads = [asyncio.create_task(pool.load(model(name, load=[{"stall": True}]))) for name in "abc"]
    await until(lambda: len(pool.loading()) == 3)
    await asyncio.gather(*(pool.unload(name) for name in "abc"))
    assert [type(end) for end in await asyncio.gather(*loads, return_exceptions=True)] == [ModelFailed] * 3


async def test_one_waiter_that_goes_away_does_not_end_the_load(make_pool: MakePool, model: MakeModel) -> None:
    pool = pool_of(make_pool)
    goes = asyncio.create_task(pool.load(model()))
    stays = asyncio.create_task(pool.load(model()))
    await until(lambda: pool.loading() == ["a"])
    goes.cancel()
    await stays
    assert pool.loaded() == ["a"]


async def test_the_least_recently_used_makes_room(make_pool: MakePool, model: MakeModel) -> None:
    pool = pool_of(make_pool, max_loaded=2)
    for name in ("a", "b", "a", "c"):
        await pool.load(model(name))
    assert sorted(pool.loaded()) == ["a", "c"]


async def test_pinned_and_busy_models_stay(make_pool: MakePool, model: MakeModel) -> None:
    pool = pool_of(make_pool, max_loaded=3)
    await pool.load(model("pinned", pinned=True))
    async with pool.lease(model("busy")):
        await pool.load(model("idle"))
        await pool.load(model("new"))
        assert sorted(pool.loaded()) == ["busy", "new", "pinned"]


async def test_where_all_are_busy_the_next_waits_in_order(make_pool: MakePool, model: MakeModel) -> None:
    pool = pool_of(make_pool, max_loaded=1)
    order: list[str] = []

    async def use(name: str) -> None:
        async with pool.lease(model(name)):
            order.append(name)

    async with pool.lease(model("a")):
        waiting = [asyncio.create_task(use(name)) for name in "bc"]
        await until(lambda: sorted(pool.loading()) == ["b", "c"])
        assert pool.loaded() == ["a"]
    await asyncio.gather(*waiting)
    assert order == ["b", "c"]


async def test_waiting_has_an_end(make_pool: MakePool, model: MakeModel) -> None:
    pool = pool_of(make_pool, max_loaded=1, wait_s=0.05)
    async with pool.lease(model("a")):
        with pytest.raises(Busy, match="all loaded models are busy"):
            await pool.load(model("b"))
    await pool.load(model("b"))


async def test_where_all_are_pinned_nobody_waits(make_pool: MakePool, model: MakeModel) -> None:
    pool = pool_of(make_pool, max_loaded=1)
    await pool.load(model("a", pinned=True))
    with pytest.raises(Busy, match="pinned"):
        await pool.load(model("b"))
    pool.pin("a", False)
    await pool.load(model("b"))


async def test_idle_models_are_unloaded_unless_pinned(make_pool: MakePool, model: MakeModel) -> None:
    pool = pool_of(make_pool, idle_minutes=0.05 / 60)
    await asyncio.gather(pool.load(model("a")), pool.load(model("b", pinned=True)))
    await until(lambda: pool.loaded() == ["b"])


async def test_a_busy_model_is_not_idle(make_pool: MakePool, model: MakeModel) -> None:
    pool = pool_of(make_pool, idle_minutes=0.02 / 60)
    async with pool.lease(model("a")):
        await pool.load(model("b"))
        await until(lambda: pool.loaded() == ["a"])


async def test_a_failure_is_remembered_until_the_next_try(make_pool: MakePool, model: MakeModel) -> None:
    pool = pool_of(make_pool)
    with pytest.raises(LoadFailed, match="exit status 3"):
        await pool.load(model(load=[{"exit": 3}]))
    error = pool.status("a").error
    assert pool.status("a").state == "failed" and error is not None and "exit status 3" in error.message
    await pool.load(model())
    assert pool.status("a").state == "ready"


async def test_the_header_is_checked_before_anything_is_evicted(make_pool: MakePool, model: MakeModel) -> None:
    def check(path: Path) -> None:
        if path.name == "bad.json":
            raise load_failed("bad", "truncated")

    pool = pool_of(make_pool, max_loaded=1, check=check)
    await pool.load(model("good"))
    with pytest.raises(LoadFailed, match="incomplete"):
        await pool.load(model("bad"))
    assert pool.loaded() == ["good"]


async def test_every_change_of_state_is_told(make_pool: MakePool, model: MakeModel) -> None:
    told: list[Mapping[str, Any]] = []
    pool = pool_of(make_pool, publish=lambda topic, data: told.append({"topic": topic, **data}))
    await pool.load(model())
    await pool.unload("a")
    assert [(event["topic"], event["state"]) for event in told] == [
        ("model", "loading"),
        ("model", "ready"),
        ("model", "on_disk"),
    ]
    assert told[1]["running"]["device_reason"] == "a script"


async def test_a_crash_between_calls_is_seen_and_healed_by_the_next(make_pool: MakePool, model: MakeModel) -> None:
    pool = pool_of(make_pool)
    await pool.load(model())
    first = pool.running()[0].pid
    psutil.Process(first).kill()
    await until(lambda: pool.status("a").state == "failed")
    assert pool.status("a").error.code == "model_crashed"  # type: ignore[union-attr]
    await pool.load(model())
    assert pool.running()[0].pid != first


async def test_unload_while_loading_ends_the_process(make_pool: MakePool, model: MakeModel) -> None:
    pool = pool_of(make_pool)
    load = asyncio.create_task(pool.load(model(load=[{"stall": True}])))
    await until(lambda: bool(children()))
    await pool.unload("a")
    with pytest.raises(ModelFailed, match="unloaded"):
        await load
    assert not children()


async def test_close_ends_every_process_and_may_come_twice(make_pool: MakePool, model: MakeModel) -> None:
    pool = pool_of(make_pool)
    await asyncio.gather(*(pool.load(model(name)) for name in "ab"))
    late = asyncio.create_task(pool.load(model("late", load=[{"stall": True}])))
    await until(lambda: len(children()) == 3)
    await pool.close()
    await pool.close()
    with pytest.raises(ModelFailed):
        await late
    assert not children()
    with pytest.raises(Busy, match="stopping"):
        await pool.load(model())


async def test_a_cancelled_close_still_ends_them(make_pool: MakePool, model: MakeModel) -> None:
    pool = pool_of(make_pool)
    await asyncio.gather(*(pool.load(model(name)) for name in "ab"))
    closing = asyncio.create_task(pool.close())
    asyncio.get_running_loop().call_soon(closing.cancel)
    await asyncio.wait([closing])
    await until(lambda: not children())


async def test_running_tells_what_the_page_shows(make_pool: MakePool, model: MakeModel) -> None:
    pool = pool_of(make_pool)
    async with pool.lease(model()) as worker, worker.place(Call(task=CHAT, model="m", inputs={})):
        worker.note_usage(Usage(tokens_per_second=40.0), 0)
        running = pool.running()[0]
    assert (running.name, running.device, running.streams, running.tokens_per_second) == ("a", "cpu", 1, 40.0)
    assert running.memory > 1_000_000 and running.load_s > 0


async def test_a_load_under_way_says_since_when_and_what_it_has(make_pool: MakePool, model: MakeModel) -> None:
    pool = pool_of(make_pool)
    loading = asyncio.create_task(pool.load(model(load=[{"stall": True}])))
    await until(lambda: (starting := pool.status("a").starting) is not None and starting.memory > 0)
    starting = pool.status("a").starting
    assert starting is not None and starting.since > 0
    await pool.unload("a")
    assert (pool.status("a").starting, pool.status("a").state) == (None, "on_disk")
    await asyncio.gather(loading, return_exceptions=True)


async def test_a_crash_brings_the_last_lines_of_the_log(make_pool: MakePool, model: MakeModel) -> None:
    pool = pool_of(make_pool)
    async with pool.lease(model()) as worker:
        worker.process.lines.append("assertion failed")
        worker.process.kill()
        await until(lambda: pool.status("a").state == "failed")
    assert pool.status("a").error.facts["log"][-1] == "assertion failed"  # type: ignore[union-attr]


async def test_the_budget_shows_the_gpu_that_a_loaded_engine_reaches(make_pool: MakePool, model: MakeModel) -> None:
    cpu = Device(name="CPU", kind="cpu", total=1 << 40, free=1 << 40)
    gpu = Device(name="GPU 0", kind="gpu", total=1 << 30, free=1 << 30)
    pool = pool_of(make_pool, devices=lambda engine: [cpu] if engine == "llama.cpp" else [cpu, gpu])
    assert [device["name"] for device in await pool.budget()] == ["CPU"]
    async with pool.lease(model()) as worker:
        worker.answerer = replace(worker.answerer, backend="transformers")
        assert [device["name"] for device in await pool.budget()] == ["CPU", "GPU 0"]
