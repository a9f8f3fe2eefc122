"""A process that waits for its model."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from tests.fakes import tiny_gguf
from tests.fakes.waiting import until

from serai.hosting import begun, environment
from serai.hosting.begun import Begun, Spare
from serai.hosting.process import ModelProcess
from serai.registry import Launch

pytestmark = pytest.mark.engine


@pytest.fixture
async def spare() -> AsyncIterator[Spare]:
    spare = Spare(os.environ)
    yield spare
    await spare.close()


async def taken(spare: Spare) -> Begun:
    spare.refill()
    await until(lambda: spare._starting is None)
    found = spare.take()
    assert found is not None
    return found


async def test_goes_on_as_any_model(spare: Spare, tmp_path: Path) -> None:
    launch = Launch(engine="llama.cpp", model="t", path=str(tiny_gguf.write(tmp_path / "t.gguf")), parent=os.getpid())
    waiting = await taken(spare)
    process = ModelProcess(launch, environ=os.environ, begun=waiting)
    await process.start(60)
    assert process.pid == (waiting.process and waiting.process.pid)
    await process.stop()
    assert not waiting.scratch.exists()


async def test_there_is_one_at_most(spare: Spare) -> None:
    spare.refill()
    spare.refill()
    first = await taken(spare)
    assert spare.take() is None
    first.kill()
    await first.gone.wait()
    environment.remove_scratch(first.scratch)


async def test_one_that_was_killed_is_not_given(spare: Spare) -> None:
    spare.refill()
    await until(lambda: spare._waiting is not None)
    waiting = spare._waiting
    assert waiting is not None and waiting.process is not None
    os.kill(waiting.process.pid, 9)
    await waiting.gone.wait()
    assert spare.take() is None and not waiting.scratch.exists()


async def test_closing_leaves_nothing(spare: Spare) -> None:
    spare.refill()
    await spare.close()
    spare.refill()
    assert spare.take() is None
    assert not [child for child in psutil.Process().children() if "serai.engines.worker" in " ".join(child.cmdline())]


async def test_it_ends_with_a_server_that_was_killed() -> None:
    waiting = Begun(environment.make_scratch())
    await waiting.start(begun.WORKER, os.environ)
    assert waiting.process is not None and waiting.process.stdin is not None
    waiting.process.stdin.close()  # as the system does for a dead server
    async with asyncio.timeout(20):
        await waiting.gone.wait()
    assert await waiting.process.wait() == 0
    environment.remove_scratch(waiting.scratch)
