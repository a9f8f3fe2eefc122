"""A native server takes the process's place, and the wheel's takes its place where it does not start."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import orjson
import psutil
import pytest
import pytest_asyncio
from tests.fakes import llama_server
from tests.fakes.waiting import until

from serai.errors import LoadFailed
from serai.hosting.llama import LlamaProcess
from serai.registry import Launch, engines

pytestmark = pytest.mark.engine
Make = Callable[..., LlamaProcess]
SOURCE = Path(__file__).parents[3] / "src"


@pytest_asyncio.fixture
async def make() -> AsyncIterator[Make]:
    made: list[LlamaProcess] = []

    def build(path: Path, program: Path) -> LlamaProcess:
        launch = Launch("llama.cpp", "tiny", str(path), context=256, parent=os.getpid(), program=str(program))
        made.append(LlamaProcess(launch, environ=dict(os.environ), explain=engines()["llama.cpp"].explain))
        return made[-1]

    yield build
    for process in made:
        await process.stop()


async def test_the_program_runs_in_the_processs_place(make: Make, tiny: Path, tmp_path: Path) -> None:
    process = make(tiny, llama_server.write(tmp_path / "llama-server"))
    await process.start(30)
    async with await process.post("/completion", b"{}") as response:
        answer = orjson.loads(await response.read())
    assert answer["pid"] == process.pid and process.facts["program"].endswith("llama-server")
    assert str(tiny) in answer["argv"]


@pytest.mark.parametrize("fault", [{"broken": 3}, {"dies": 4}])
async def test_a_program_that_does_not_start_gives_way_to_the_wheel_and_it_is_said(
    make: Make, tiny: Path, tmp_path: Path, fault: dict[str, int]
) -> None:
    process = make(tiny, llama_server.write(tmp_path / "llama-server", **fault))
    await process.start(30)
    assert not process.facts["program"] and "The native server did not start" in process.facts["device_reason"]
    assert process.lines and psutil.pid_exists(process.pid)


async def test_a_model_that_cannot_be_loaded_is_not_loaded_twice(make: Make, tmp_path: Path) -> None:
    process = make(tmp_path / "gone.gguf", llama_server.write(tmp_path / "llama-server"))
    with pytest.raises(LoadFailed) as raised:
        await process.start(30)
    assert raised.value.cause == "missing"


async def test_a_program_ends_with_a_server_that_is_killed(tiny: Path, tmp_path: Path) -> None:
    program = llama_server.write(tmp_path / "llama-server")
    parent = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", _PARENT, str(tiny), str(program)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.communicate()
    await until(lambda: not psutil.pid_exists(child))


_PARENT = """
import asyncio, os, sys
from serai.hosting.process import ModelProcess
from serai.registry import Launch

async def main():
    launch = Launch("llama.cpp", "tiny", sys.argv[1], context=256, parent=os.getpid(), program=sys.argv[2])
    process = ModelProcess(launch, environ=dict(os.environ))
    await process.start(30)
    print(process.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""
