"""The pool's one budget, with processes by script on a machine that is made up."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.contract.conftest import by_script, write_script
from tests.fakes.store import gguf_model
from tests.fakes.waiting import until
from tests.unit.hosting.shapes import simple

from serai.errors import Busy, LoadFailed
from serai.hosting.budget import Device
from serai.hosting.pool import Pool
from serai.hub.shape import Shape
from serai.types import Model

pytestmark = pytest.mark.engine
GB = 1_000_000_000
MakePool = Callable[..., Pool]


class Host:
    """A machine of so much memory, and models of 600 MB that take 750 MB each at one stream of 2,048
    tokens, of which 67 MB and up for past prompts."""

    def __init__(self, make_pool: MakePool, folder: Path, free: float, **wishes: Any) -> None:
        self.free = int(free * GB)
        self.shape = simple()
        self.folder = folder
        usual = {"context": 2048, "parallel": 1, "memory_share": 1.0}
        self.pool = make_pool(launcher=by_script, check=self.check, devices=self.devices, **{**usual, **wishes})

    def check(self, path: Path) -> Shape:
        return self.shape if path.stem != "small" else replace(self.shape, layers=self.shape.layers[:1])

    def devices(self, engine: str) -> list[Device]:
        return [Device(name="CPU", kind="cpu", total=self.free, free=self.free)]

    def model(self, name: str, load: list[dict[str, Any]] | None = None, **facts: Any) -> Model:
        script = write_script(self.folder / f"{name}.json", {"text": "x"}, load=load or [])
        return gguf_model(script, name, context_length=131_072, **facts)


@pytest.fixture
def host(make_pool: MakePool, tmp_path: Path) -> Callable[..., Host]:
    return lambda free, **wishes: Host(make_pool, tmp_path, free, **wishes)


async def test_models_stay_together_while_they_fit(host: Callable[..., Host]) -> None:
    here = host(2.6)
    for name in "abc":
        await here.pool.load(here.model(name))
    assert sorted(here.pool.loaded()) == ["a", "b", "c"]
    await here.pool.load(here.model("d"))
    assert sorted(here.pool.loaded()) == ["b", "c", "d"]


async def test_no_more_go_than_have_to(host: Callable[..., Host]) -> None:
    here = host(1.87)
    for name in ("small", "a", "b"):
        await here.pool.load(here.model(name))
    assert sorted(here.pool.loaded()) == ["a", "b"]


async def test_what_cannot_fit_is_refused_before_anything_is_freed(host: Callable[..., Host]) -> None:
    here = host(1.0)
    await here.pool.load(here.model("a"))
    large = here.model("large", loading={"context": 65536, "parallel": 1})
    with pytest.raises(LoadFailed, match=r"needs 1\.\d GB, and 1\.0 GB are free") as caught:
        await here.pool.load(large)
    error = caught.value
    assert (error.cause, here.pool.loaded()) == ("out_of_memory", ["a"])
    assert error.facts["needed"] > GB and error.facts["free"] == {"cpu": GB}
    assert error.facts["devices"] == [{"name": "CPU", "total": GB, "free": GB}]
    assert any("context" in offer["loading"] for offer in error.facts["would_fit"]) and "would fit" in error.hint


async def test_a_smaller_file_beside_it_is_offered(host: Callable[..., Host]) -> None:
    here = host(0.6)
    model = replace(here.model("m"), path=str(here.folder / "m.gguf"))
    (here.folder / "m.gguf").touch()
    (here.folder / "m-Q2_K.gguf").write_bytes(bytes(1_000_000))
    with pytest.raises(LoadFailed) as caught:
        await here.pool.load(model)
    assert [offer["model"] for offer in caught.value.facts["would_fit"]] == ["m-Q2_K.gguf"]


async def test_what_would_fit_once_a_busy_one_ends_waits_for_it(host: Callable[..., Host]) -> None:
    here = host(1.0)
    async with here.pool.lease(here.model("a")):
        waiting = asyncio.create_task(here.pool.load(here.model("b")))
        await until(lambda: here.pool.loading() == ["b"])
        assert here.pool.loaded() == ["a"]
    await waiting
    assert here.pool.loaded() == ["b"]


async def test_waiting_for_memory_has_an_end(host: Callable[..., Host]) -> None:
    here = host(1.0, wait_s=0.05)
    async with here.pool.lease(here.model("a")):
        with pytest.raises(Busy):
            await here.pool.load(here.model("b"))
        assert here.pool.loaded() == ["a"]


async def test_pinned_memory_is_not_counted_on(host: Callable[..., Host]) -> None:
    here = host(1.0)
    await here.pool.load(here.model("a", pinned=True))
    with pytest.raises(LoadFailed, match="free for models"):
        await here.pool.load(here.model("b"))
    assert here.pool.loaded() == ["a"]


async def test_loads_run_side_by_side_only_where_both_fit(host: Callable[..., Host]) -> None:
    here = host(1.7)
    loads = [asyncio.create_task(here.pool.load(here.model(name, [{"stall": True}]))) for name in "abc"]
    await until(lambda: len(here.pool._admission.holdings()) == 2)
    await asyncio.sleep(0)
    assert len(here.pool._admission.holdings()) == 2
    await asyncio.gather(*(here.pool.unload(name) for name in "abc"))
    await asyncio.gather(*loads, return_exceptions=True)
    assert here.pool._admission.holdings() == {}


async def test_a_promise_ends_with_a_failed_load(host: Callable[..., Host]) -> None:
    here = host(1.0)
    with pytest.raises(LoadFailed):
        await here.pool.load(here.model("a", [{"exit": 3}]))
    assert here.pool._admission.holdings() == {}
    await here.pool.load(here.model("b"))


async def test_a_ready_model_holds_what_was_measured_with_what_comes_later(host: Callable[..., Host]) -> None:
    here = host(4.0)
    await here.pool.load(here.model("a"))
    (running,) = here.pool.running()
    assert running.needed > 600_000_000 > running.memory
    (device,) = await here.pool.budget()
    (share,) = device["models"]
    assert share["name"] == "a" and running.memory < share["memory"] < running.needed


async def test_what_nobody_chose_is_shortened_and_told(host: Callable[..., Host]) -> None:
    here = host(0.75, parallel=4)
    choices = []
    here.pool._launcher = lambda model, settings, choice: choices.append(choice) or by_script(model, settings, choice)
    await here.pool.load(here.model("a"))
    assert choices[0].plan.parallel == 1 and "1 call at once instead of 4" in choices[0].shortened
