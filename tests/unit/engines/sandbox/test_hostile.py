"""An engine that tries everything, through the real worker: what it may do, and what it may not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.fakes import hostile as attempts

from serai.engines._sandbox import limits
from serai.errors import LoadFailed
from serai.hosting.process import ModelProcess

pytestmark = [pytest.mark.engine, pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp")]
Start = Callable[..., ModelProcess]
SOURCE = Path(__file__).parents[4] / "src"

ALL = tuple(attempts.TRIES)
NEEDS = {need.__name__ for need in attempts.NEEDS}
# Without a sandbox too, the machine of the test may refuse these: no IPv6, no names, a limit's owner, an old kernel.
NOT_EVERYWHERE = {"tcp_beyond", "tcp_over_ipv6", "dns", "netlink", "packets", "raise_a_limit"}
NOT_EVERYWHERE |= {"be_spared_by_the_kernel", "namespace", "mount", "io_uring", "keys", "ptrace", "mark_a_file"}
NOT_EVERYWHERE |= {"read_memory_of_another", "run_what_it_wrote"}


def got_through(tried: dict[str, str]) -> set[str]:
    return {name for name, outcome in tried.items() if outcome == "ok"}


async def test_it_can_do_its_work_and_nothing_else(hostile: Start) -> None:
    process = hostile(ALL)
    await process.start(30)
    assert process.facts["sandbox"]["network"] and process.facts["sandbox"]["files"]
    assert got_through(process.facts["tried"]) == NEEDS, process.facts["tried"]
    assert set(process.facts["tried"]) == {*ALL, *NEEDS}


async def test_nor_against_its_own_server(hostile: Start) -> None:
    process = hostile(tuple(name for name in ALL if "another" in name or name == "ptrace"), aim_victim=os.getpid())
    await process.start(30)
    assert got_through(process.facts["tried"]) == NEEDS


async def test_what_it_becomes_is_held_as_well(hostile: Start, plugin: Path, aims: dict[str, Any]) -> None:
    again = "import json, sys; sys.path.insert(0, sys.argv[1]); import serai_hostile as evil\n"
    again += "print(json.dumps({'tried': evil.try_all(json.load(open(sys.argv[2])))}), flush=True)"
    process = hostile(ALL, aim_become=[sys.executable, "-c", again, str(plugin), aims["model"]])
    with pytest.raises(LoadFailed):
        await process.start(30)
    assert got_through(process.facts["tried"]) == NEEDS, process.facts["tried"]


async def test_a_shell_reads_no_secret(hostile: Start, aims: dict[str, Any]) -> None:
    script = (
        f"if read key < {aims['serai_home']}/secret.key; then echo '{{\"read\": 1}}'; else echo '{{\"read\": 0}}'; fi"
    )
    process = hostile(aim_become=["/bin/sh", "-c", script])
    with pytest.raises(LoadFailed):
        await process.start(30)
    assert process.facts["read"] == 0


async def test_without_the_sandbox_the_attempts_succeed(hostile: Start) -> None:
    """So what was tried above was tried well."""
    process = hostile(ALL, sandbox="off")
    await process.start(30)
    assert set(ALL) - got_through(process.facts["tried"]) <= NOT_EVERYWHERE, process.facts["tried"]
    assert process.facts["sandbox"] == {
        "network": False,
        "files": False,
        "memory": False,
        "how": "switched off by models.sandbox",
    }


async def test_its_environment_holds_no_secret(hostile: Start) -> None:
    process = hostile()
    await process.start(30)
    assert not {"hf_secret", "key"} & set(process.facts["environment"].values())


async def test_over_tcp_it_listens_where_it_is_told_and_calls_nobody(hostile: Start) -> None:
    process = hostile(("tcp_to_loopback", "udp", "listen", "dns", "unix_datagram"), unix_socket=False)
    await process.start(30)
    assert got_through(process.facts["tried"]) == NEEDS


DECLARES = """
import dataclasses, sys
sys.path.insert(0, sys.argv[1])
import serai_hostile as evil
evil.ENGINE = dataclasses.replace(evil.ENGINE, processes=True)
"""


async def test_an_engine_that_declares_it_may_start_processes_that_are_held_too(hostile: Start) -> None:
    process = after(hostile(ALL), DECLARES)
    await process.start(30)
    assert got_through(process.facts["tried"]) == {*NEEDS, "fork", "subprocess_run"}


async def test_a_thread_that_was_there_before_is_told(hostile: Start) -> None:
    early = "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()"
    process = after(hostile(("tcp_to_loopback", "read_passwd")), early)
    await process.start(30)
    assert got_through(process.facts["tried"]) == {*NEEDS, "read_passwd"}
    assert not process.facts["sandbox"]["files"] and "thread" in process.facts["sandbox"]["how"]


async def test_a_native_program_may_start_processes_that_are_held_too(hostile: Start) -> None:
    process = hostile(ALL, program="/bin/true")
    await process.start(30)
    assert got_through(process.facts["tried"]) == {*NEEDS, "fork", "subprocess_run"}


async def test_a_file_of_its_own_has_a_largest_size(hostile: Start) -> None:
    process = hostile(aim_largest=limits.LARGEST_FILE)
    await process.start(30)
    assert process.facts["largest"] == "ok" and "File too large" in process.facts["beyond"]


async def test_beyond_its_memory_it_ends_in_words(hostile: Start) -> None:
    process = hostile(aim_eat=8 << 30, memory_limit=1 << 30)
    with pytest.raises(LoadFailed, match=r"more than the 1\.1 GB") as caught:
        await process.start(30)
    assert caught.value.cause == "out_of_memory" and "ate" not in process.facts


async def test_within_its_memory_it_runs(hostile: Start) -> None:
    process = hostile(aim_eat=512 << 20, memory_limit=1 << 30)
    await process.start(30)
    assert process.facts["ate"] == 512 << 20 and process.facts["sandbox"]["memory"]


SERVER = """
import asyncio, json, os, sys
from serai.hosting.process import ModelProcess
from serai.registry import Launch

async def main():
    launch = Launch(engine="hostile", model="t", path=sys.argv[2], parent=os.getpid())
    process = ModelProcess(launch, environ={}, command=(sys.executable, "-P", "-c", sys.argv[3], sys.argv[1]))
    start = asyncio.create_task(process.start(60))
    while not process.facts.get("became"):
        await asyncio.sleep(0.01)
    print(process.pid, flush=True)
    await start

asyncio.run(main())
"""


@pytest.mark.slow
def test_a_program_that_took_its_place_dies_with_the_server(plugin: Path, tmp_path: Path) -> None:
    from tests.unit.engines.sandbox.conftest import BOOT

    model = tmp_path / "model.hostile"
    become = ["/bin/sh", "-c", "echo '{\"became\": true}'; exec sleep 60"]
    model.write_text(json.dumps({"become": become}))
    environ = {**os.environ, "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-c", SERVER, str(plugin), str(model), BOOT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environ) as server:
        assert server.stdout is not None
        program = psutil.Process(int(server.stdout.readline()))
        server.kill()
        program.wait(5)
    assert not program.is_running()


def after(process: ModelProcess, code: str) -> ModelProcess:
    """Runs some code in the worker before it starts."""
    *python, boot, plugin = process._command
    process._command = (*python, f"{code}\n{boot}", plugin)
    return process


def on_kernel(process: ModelProcess, abi: str) -> ModelProcess:
    """As on a kernel with an older Landlock, or none."""
    return after(process, f"from serai.engines._sandbox import landlock; landlock.version = lambda: {abi}")


async def test_required_where_it_cannot_be_had_refuses_in_words(hostile: Start) -> None:
    process = on_kernel(hostile(sandbox="required"), "landlock.call(-1)")
    with pytest.raises(LoadFailed, match=r"cannot confine.*no Landlock") as caught:
        await process.start(30)
    assert caught.value.cause == "unprotected" and "serai doctor" in caught.value.hint


async def test_without_landlock_it_still_calls_and_signals_nobody(hostile: Start) -> None:
    process = on_kernel(hostile(("signal_another", "ptrace", "tcp_to_loopback", "read_passwd")), "landlock.call(-1)")
    await process.start(30)
    assert got_through(process.facts["tried"]) == {*NEEDS, "read_passwd"}
    assert process.facts["sandbox"]["how"] == "no Landlock (this kernel has none), seccomp"


@pytest.mark.parametrize("abi", ["1", "2", "3", "5"])
async def test_older_kernels_hold_as_well(hostile: Start, abi: str) -> None:
    process = on_kernel(hostile(ALL, sandbox="required"), abi)
    await process.start(30)
    assert got_through(process.facts["tried"]) == NEEDS, process.facts["tried"]
