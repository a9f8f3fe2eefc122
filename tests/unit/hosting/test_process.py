"""A model's process: started clean, watched, and never left behind."""

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio
from tests.contract.conftest import UPSTREAM, write_script
from tests.fakes import tiny_gguf
from tests.fakes.waiting import until

from serai.errors import LoadFailed
from serai.hosting.process import ModelProcess
from serai.registry import Launch, engines

pytestmark = pytest.mark.engine
Make = Callable[..., ModelProcess]
SOURCE = Path(__file__).parents[3] / "src"


@pytest_asyncio.fixture
async def make() -> AsyncIterator[Make]:
    made: list[ModelProcess] = []

    def build(path: Path, **wishes: Any) -> ModelProcess:
        launch = Launch(engine="llama.cpp", model="tiny", path=str(path), context=256, parent=os.getpid())
        launch = replace(launch, **{name: wishes.pop(name) for name in ("context", "memory_limit") if name in wishes})
        wishes = {"environ": {}, "explain": engines()["llama.cpp"].explain, **wishes}
        made.append(ModelProcess(launch, **wishes))
        return made[-1]

    yield build
    for process in made:
        await process.stop()


async def test_ready_then_gone_without_a_trace(make: Make, tiny: Path) -> None:
    process = make(tiny)
    await process.start(30)
    assert process.facts["device"] == "cpu" and process.load_s > 0
    pid, scratch = process.pid, process.scratch
    await process.stop()
    assert not psutil.pid_exists(pid) and not scratch.exists()


async def test_its_folder_is_private_and_its_environment_clean(make: Make, tiny: Path) -> None:
    process = make(tiny, environ={"PATH": "/usr/bin", "HF_TOKEN": "hf_secret", "CUDA_VISIBLE_DEVICES": "0"})
    await process.start(30)
    environ = psutil.Process(process.pid).environ()
    assert "hf_secret" not in environ.values() and environ["HOME"] == str(process.scratch)
    assert environ["CUDA_VISIBLE_DEVICES"] == "0"
    assert stat.S_IMODE(process.scratch.stat().st_mode) == 0o700
    assert os.getpgid(process.pid) == process.pid


async def test_memory_takes_it_before_the_server(make: Make, tiny: Path) -> None:
    process = make(tiny)
    await process.start(30)
    proc = Path("/proc") / str(process.pid)
    assert (proc / "oom_score_adj").read_text() == "800\n"
    assert (proc / "comm").read_text().startswith("serai tiny")


async def test_a_kill_is_seen_at_once(make: Make, tiny: Path) -> None:
    process = make(tiny)
    await process.start(30)
    os.kill(process.pid, signal.SIGKILL)
    async with asyncio.timeout(0.5):
        await process.gone.wait()
    assert process.returncode == -signal.SIGKILL


DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
NEST = "import subprocess, time; print(subprocess.Popen(['sleep', '60']).pid, 'started', flush=True); time.sleep(60)"


@pytest.mark.parametrize("code", [DEAF, NEST])
async def test_neither_it_nor_what_it_started_outlives_a_stop(make: Make, tmp_path: Path, code: str) -> None:
    process = make(tmp_path, command=(sys.executable, "-c", code))
    start = asyncio.create_task(process.start(30))
    await until(lambda: bool(process.lines))
    pids = [process.pid, *(child.pid for child in psutil.Process(process.pid).children())]
    start.cancel()
    async with asyncio.timeout(5):
        await asyncio.wait([start])
    await until(lambda: not any(psutil.pid_exists(pid) for pid in pids))


async def test_a_crash_is_seen_at_once_though_a_grandchild_holds_the_pipes(make: Make, tmp_path: Path) -> None:
    process = make(tmp_path, command=(sys.executable, "-c", NEST))
    start = asyncio.create_task(process.start(30))
    await until(lambda: bool(process.lines))
    os.kill(process.pid, signal.SIGKILL)
    async with asyncio.timeout(2):
        with pytest.raises(LoadFailed):
            await start


async def test_a_stop_that_is_cancelled_still_leaves_nothing(make: Make, tiny: Path) -> None:
    process = make(tiny)
    await process.start(30)
    os.kill(process.pid, signal.SIGKILL)
    await process.gone.wait()
    stops = [asyncio.create_task(process.stop()) for _ in range(2)]
    await asyncio.sleep(0)
    stops[0].cancel()
    await asyncio.wait(stops)
    assert not process.scratch.exists() and stops[0].cancelled() and not stops[1].cancelled()


async def test_a_program_that_is_not_there_is_said(make: Make, tmp_path: Path) -> None:
    process = make(tmp_path, command=("/nowhere/python",))
    with pytest.raises(LoadFailed, match="No such file"):
        await process.start(5)
    assert not process.scratch.exists()


async def test_a_slow_load_times_out(make: Make, tmp_path: Path) -> None:
    process = make(write_script(tmp_path / "s.json", load=[{"stall": True}]), command=UPSTREAM)
    with pytest.raises(LoadFailed, match="not ready in time") as caught:
        await process.start(0.3)
    assert caught.value.cause == "timed_out" and process.gone.is_set()


async def test_without_unix_sockets_it_is_loopback_with_a_token(make: Make, tiny: Path) -> None:
    process = make(tiny, unix_socket=False)
    await process.start(30)
    assert len(await process.get("/slots")) == 1
    reader, writer = await asyncio.open_connection("127.0.0.1", process.launch.port)
    writer.write(b"GET /slots HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b" 401 " in await reader.readline()
    writer.close()


@pytest.mark.parametrize(
    ("damage", "cause", "words"),
    [
        (lambda path: path.unlink(), "missing", "not there"),
        (lambda path: path.write_bytes(b"hello, I am text" * 9), "not_gguf", "not a GGUF"),
        (lambda path: path.write_bytes(path.read_bytes()[:200_000]), "truncated", "incomplete"),
        (lambda path: tiny_gguf.write(path, architecture="lamma"), "unsupported", "'lamma'"),
    ],
)
async def test_files_that_cannot_be_loaded_say_why(
    make: Make, tmp_path: Path, damage: Callable[[Path], Any], cause: str, words: str
) -> None:
    path = tiny_gguf.write(tmp_path / "model.gguf")
    damage(path)
    with pytest.raises(LoadFailed, match=words) as caught:
        await make(path).start(30)
    assert caught.value.cause == cause and caught.value.hint


SERVER = """
import asyncio, os, sys
from serai.hosting.process import ModelProcess
from serai.registry import Launch

async def main():
    process = ModelProcess(Launch(engine="llama.cpp", model="t", path=sys.argv[1], parent=os.getpid()), environ={})
    await process.start(30)
    print(process.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_when_the_server_is_killed_its_models_die_by_themselves(tiny: Path, how: signal.Signals) -> None:
    environ = {**os.environ, "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-c", SERVER, str(tiny)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environ) as server:
        assert server.stdout is not None
        model = psutil.Process(int(server.stdout.readline()))
        server.send_signal(how)
        model.wait(5)
    assert not model.is_running()


async def test_one_that_lost_its_server_while_starting_ends(tiny: Path) -> None:
    launch = Launch(engine="llama.cpp", model="t", path=str(tiny), socket="unused.sock", parent=1)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "serai.engines.worker",
        stdin=subprocess.PIPE,
        env={"PYTHONPATH": str(SOURCE)},
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(launch.as_dict()).encode() + b"\n")
    async with asyncio.timeout(10):
        assert await process.wait() == 0


FLOOD = "import json, time\nfor n in range(200): print(json.dumps({f'fact{n}': n}), flush=True)\n"
FLOOD += "print('[' * 3_000_000, flush=True); print('end', flush=True); time.sleep(60)"


async def test_a_process_that_talks_without_end_fills_no_memory_and_is_heard_on(make: Make, tmp_path: Path) -> None:
    process = make(tmp_path, command=(sys.executable, "-c", FLOOD))
    start = asyncio.create_task(process.start(30))
    await until(lambda: "end" in process.lines)
    assert len(process.facts) == 64
    start.cancel()
    await asyncio.wait([start])


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA")
async def test_a_context_beyond_its_memory_is_refused_in_words(make: Make, tiny: Path) -> None:
    process = make(tiny, context=1 << 22, memory_limit=256 << 20)
    with pytest.raises(LoadFailed, match="does not fit") as caught:
        await process.start(60)
    assert caught.value.cause == "out_of_memory" and process.facts["sandbox"]["memory"]
