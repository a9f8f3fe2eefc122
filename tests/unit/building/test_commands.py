"""Programs that run to their end, and never longer than what they were started for."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from tests.fakes.waiting import until

from serai.building import commands
from serai.building.commands import ToolFailed

pytestmark = pytest.mark.slow

SOURCE = Path(__file__).parents[3] / "src"
NEST = ("sh", "-c", "sleep 60 & echo $!; wait")


async def test_lines_are_heard_and_the_program_gives_way(tmp_path: Path) -> None:
    heard: list[str] = []
    script = "import os; print('one'); print(os.nice(0), os.getcwd()); print('två', end='')"
    await commands.run((sys.executable, "-c", script), tmp_path, os.environ, heard.append)
    assert heard == ["one", f"{min(19, os.nice(0) + 15)} {tmp_path}", "två"]


async def test_how_it_failed_is_said_with_its_last_lines(tmp_path: Path) -> None:
    script = "print('a.c: error: no such thing'); print('stopped'); raise SystemExit(3)"
    with pytest.raises(ToolFailed, match=r"status 3: a[.]c: error: no such thing") as raised:
        await commands.run((sys.executable, "-c", script), tmp_path, os.environ)
    assert raised.value.facts["log"][-1] == "stopped"


async def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="No such file"):
        await commands.run(("/nowhere/cmake",), tmp_path, os.environ)


async def test_cancelled_it_ends_with_all_that_it_started(tmp_path: Path) -> None:
    heard: list[str] = []
    task = asyncio.create_task(commands.run(NEST, tmp_path, os.environ, heard.append))
    await until(lambda: bool(heard))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not psutil.pid_exists(int(heard[0])))


async def test_after_a_kill_nobody_works_in_the_folder_twice(tmp_path: Path) -> None:
    environ = {**os.environ, "PYTHONPATH": str(SOURCE)}
    server = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", _SERVER, str(tmp_path), *NEST], stdout=subprocess.PIPE, env=environ
    )
    assert server.stdout is not None
    left = int(server.stdout.readline())
    program = psutil.Process(left).parent()
    os.kill(server.pid, signal.SIGKILL)
    server.communicate()
    assert program is not None
    await until(lambda: not program.is_running() or program.status() == psutil.STATUS_ZOMBIE)
    again = asyncio.create_task(commands.run((sys.executable, "-c", ""), tmp_path, os.environ))
    await asyncio.sleep(0.5)
    assert not again.done() and psutil.pid_exists(left)
    os.kill(left, signal.SIGKILL)
    await asyncio.wait_for(again, 10)


def test_secrets_stay_here() -> None:
    environ = {"PATH": "/bin", "HF_TOKEN": "x", "SERAI_HOME": "x", "MY_API_KEY": "x", "PIP_INDEX_URL": "u"}
    assert commands.environment(environ, LC_ALL="C") == {"PATH": "/bin", "PIP_INDEX_URL": "u", "LC_ALL": "C"}


_SERVER = """
import asyncio, functools, os, sys
from pathlib import Path
from serai.building import commands

heard = functools.partial(print, flush=True)
asyncio.run(commands.run(sys.argv[2:], Path(sys.argv[1]), os.environ, heard))
"""
