"""A model's process ends in every way and in every phase: each time an error in words, a server that goes on, and no
process or memory left."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio
from tests.contract.subjects.script import UPSTREAM, write_script
from tests.fakes import tiny_gguf
from tests.fakes.store import FakeStore, gguf_model
from tests.fakes.waiting import until

from serai.backend import collect
from serai.errors import LoadFailed, ModelCrashed, SeraiError
from serai.hosting.backend import LocalBackend
from serai.hosting.fitting import Choice
from serai.hosting.llama import LlamaProcess
from serai.hosting.pool import Pool
from serai.hosting.slots import Slots
from serai.registry import Launch
from serai.settings import Models
from serai.types import CHAT, Call, Model

pytestmark = pytest.mark.engine
Make = Callable[..., Pool]
ENDS = pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV, "exit"])


def dies(how: signal.Signals | str) -> dict[str, Any]:
    return {"exit": 7} if how == "exit" else {"die": how}


def words(how: signal.Signals | str) -> str:
    return "exit status 7" if how == "exit" else signal.Signals(how).name


def chat(text: str = "hello", **settings: Any) -> Call:
    inputs = {"messages": [{"role": "user", "content": text}]}
    return Call(task=CHAT, model="tiny", inputs=inputs, settings={"temperature": 0, **settings})


def children() -> list[int]:
    return [child.pid for child in psutil.Process().children(recursive=True) if child.status() != psutil.STATUS_ZOMBIE]


@pytest_asyncio.fixture(autouse=True)
async def nothing_is_left() -> AsyncIterator[None]:
    """However a test ends: no process of it, and none of its folders."""
    before = set(children())
    yield
    await until(lambda: set(children()) <= before)


@pytest.fixture
def slots(tmp_path: Path) -> Slots:
    return Slots(tmp_path / "slots")


@pytest.fixture
def scripted(make_pool: Make, tmp_path: Path, slots: Slots) -> Callable[..., tuple[LocalBackend, Pool]]:
    """Makes a backend whose process follows a script, with all that llama.cpp's has around it."""

    def make(*steps: dict[str, Any], **more: Any) -> tuple[LocalBackend, Pool]:
        model = gguf_model(write_script(tmp_path / "script.json", *steps, **more))

        def launch(model: Model, settings: Models, choice: Choice | None) -> LlamaProcess:
            told = Launch(engine=model.engine, model=model.name, path=str(model.path), parallel=settings.parallel)
            return LlamaProcess(told, slots=slots, environ={}, command=UPSTREAM)

        pool = make_pool(launcher=launch)
        return LocalBackend(FakeStore(model), pool), pool

    return make


@ENDS
@pytest.mark.parametrize("when", ["starting", "loading"])
async def test_while_it_comes_up(scripted: Any, how: Any, when: str) -> None:
    lines = [] if when == "starting" else [{"stderr": "loading tensors"}]
    backend, pool = scripted(load=[*lines, dies(how)])
    with pytest.raises(LoadFailed) as caught:
        await collect(backend.run(chat()))
    memory = how == signal.SIGKILL
    assert caught.value.cause == ("out_of_memory" if memory else "crashed") and caught.value.hint
    assert memory or words(how) in caught.value.message
    assert pool.running() == [] and pool.status("tiny").state == "failed"


@ENDS
@pytest.mark.parametrize("before", [[], [{"text": "half"}]], ids=["reading", "writing"])
async def test_while_it_answers(scripted: Any, how: Any, before: list[dict[str, Any]]) -> None:
    backend, pool = scripted(*before, dies(how))
    for _ in range(2):  # the second call starts it anew
        with pytest.raises(ModelCrashed, match=words(how)) as caught:
            await collect(backend.run(chat()))
        assert "started again" in caught.value.hint and caught.value.who == "model"
    assert all(entry.leases == 0 for entry in pool._entries.values())


@ENDS
@pytest.mark.parametrize("act", ["save", "restore"])
async def test_while_slots_are_saved_or_restored(scripted: Any, how: Any, act: str, slots: Slots) -> None:
    backend, pool = scripted({"text": "a"}, slots={act: dies(how)}, held=100)
    assert (await collect(backend.run(chat()))).text == "a"
    pid = pool.running()[0].pid
    await pool.unload("tiny")
    assert not psutil.pid_exists(pid) and pool.running() == []
    if act == "restore":
        outcome = await asyncio.gather(collect(backend.run(chat())), return_exceptions=True)
        assert isinstance(outcome[0], SeraiError) or outcome[0].text == "a"


@ENDS
async def test_while_it_is_unloaded(scripted: Any, how: Any) -> None:
    backend, pool = scripted({"text": "a"}, {"stall": True}, term=dies(how))
    stream = backend.run(chat())
    await anext(stream)
    rest = asyncio.create_task(anext(stream))
    await pool.unload("tiny")
    with pytest.raises(SeraiError, match=r"unloaded|died"):
        await rest
    await pool.unload("tiny")
    assert pool.running() == [] and pool.status("tiny").state == "on_disk"


@pytest.mark.parametrize("times", [1, 5])
async def test_many_callers_of_one_that_dies_all_hear_of_it(scripted: Any, times: int) -> None:
    backend, pool = scripted({"text": "a"}, {"stall": True})
    streams = [backend.run(chat()) for _ in range(4 * times)]
    first = [asyncio.create_task(anext(stream)) for stream in streams]
    await until(lambda: sum(task.done() for task in first) == 4)
    os.kill(pool.running()[0].pid, signal.SIGKILL)
    ends = await asyncio.gather(*(anext(stream) for stream in streams[:4]), return_exceptions=True)
    assert [type(end) for end in ends] == [ModelCrashed] * 4
    for task in first:
        task.cancel()
    await asyncio.gather(*first, return_exceptions=True)
    await asyncio.gather(*(stream.aclose() for stream in streams), return_exceptions=True)


# --------------------------------------------------------------------------------------------- the real engine


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A model that reads long enough to be caught at it."""
    return tiny_gguf.write(tmp_path / "large.gguf", context=8192, layers=6, width=256)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGABRT])
@pytest.mark.parametrize("phase", ["loading", "reading", "writing", "unloading"])
async def test_llama_cpp_itself(make_pool: Make, large: Path, how: signal.Signals, phase: str) -> None:
    pool = make_pool(context=8192, parallel=1)
    backend = LocalBackend(FakeStore(gguf_model(large, context_length=8192)), pool)
    before = set(children())
    if phase == "loading":
        task = asyncio.create_task(pool.load(gguf_model(large, context_length=8192)))
        await until(lambda: bool(set(children()) - before))
        (pid,) = set(children()) - before
        os.kill(pid, how)
        with pytest.raises(LoadFailed):
            await task
    else:
        await pool.load(gguf_model(large, context_length=8192))
        stream = backend.run(chat("the cat " * 900 if phase == "reading" else "hello"))
        task = asyncio.create_task(anext(stream))
        await until(lambda: busy(pool) if phase == "reading" else task.done())
        if phase == "unloading":
            task = asyncio.create_task(pool.unload("tiny"))  # type: ignore[arg-type]
            await asyncio.sleep(0)
        os.kill(pool._entries["tiny"].worker.process.pid, how)  # type: ignore[union-attr]
        with pytest.raises(SeraiError, match=f"{how.name}|unloaded"):
            await collect(_rest(stream, task if phase == "reading" else None))
        await task if phase == "unloading" else None
    assert (await collect(backend.run(chat(max_tokens=2)))).usage.completion_tokens == 2


async def busy(pool: Pool) -> bool:
    (entry,) = pool._entries.values()
    return entry.worker is not None and any(slot["is_processing"] for slot in await entry.worker.process.get("/slots"))


async def _rest(stream: Any, first: Awaitable[Any] | None) -> Any:
    """What is left of a stream whose first piece somebody waits for."""
    if first is not None:
        yield await first
    async for delta in stream:
        yield delta
