"""What a `kill -9` leaves behind, with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.jobs.counting import Counting
from tests.unit.jobs.helpers import Begin, ended, until

from serai.jobs import rows
from serai.jobs.runner import Jobs
from serai.storage.database import Database
from serai.telemetry.events import Events

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


@pytest.fixture
def process(url: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    children: list[subprocess.Popen[bytes]] = []
    yield children
    for child in children:
        child.kill()
        child.wait()


def start(url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(HERE / "counting.py"), url], env=ENVIRONMENT)


def lines(file: Path) -> list[tuple[int, int]]:
    """(process, step) of every whole line."""
    text = file.read_text("ascii") if file.exists() else ""
    return [(int(pid), int(step)) for pid, step in (line.split() for line in text.split("\n")[:-1])]


async def test_a_killed_job_goes_on_from_its_checkpoint(
    db: Database, url: str, begin: Begin, tmp_path: Path, process: list[subprocess.Popen[bytes]]
) -> None:
    file = tmp_path / "steps"
    job = await Jobs(db, Events(), [Counting()]).submit("counting", {"file": str(file), "steps": 2_000}, "")
    process.append(start(url))
    await until(lambda: len(lines(file)) >= 42, 60)
    process[0].send_signal(signal.SIGKILL)
    process[0].wait()
    before = [step for _, step in lines(file)]
    checkpoint = (await db.read(lambda connection: rows.find(connection, job["id"]))).checkpoint["step"]
    assert before == list(range(1, len(before) + 1)) and 40 <= checkpoint <= len(before) < checkpoint + 6
    done = await ended(await begin(Counting()), job["id"], "done")
    after = [step for pid, step in lines(file) if pid == os.getpid()]
    assert done["result"] == {"began_at": checkpoint + 1}
    assert after == list(range(checkpoint + 1, 2_001))


async def test_a_living_process_takes_over_from_a_killed_one_and_not_before(
    db: Database, url: str, begin: Begin, tmp_path: Path, process: list[subprocess.Popen[bytes]]
) -> None:
    file = tmp_path / "steps"
    jobs = Jobs(db, Events(), [Counting()])
    job = await jobs.submit("counting", {"file": str(file), "steps": 3_000}, "")
    process.append(start(url))
    await until(lambda: len(lines(file)) >= 5, 60)
    here = await begin(Counting())
    await until(lambda: len(lines(file)) >= 100, 60)
    process[0].send_signal(signal.SIGKILL)
    await until(lambda: lines(file)[-1][0] == os.getpid(), 30)
    pids = [pid for pid, _ in lines(file)]
    assert pids == sorted(pids, key=[process[0].pid, os.getpid()].index)
    await here.cancel(job["id"])


async def test_what_another_process_runs_can_be_paused_from_here(
    db: Database, url: str, tmp_path: Path, process: list[subprocess.Popen[bytes]]
) -> None:
    file = tmp_path / "steps"
    jobs = Jobs(db, Events(), [Counting()])
    job = await jobs.submit("counting", {"file": str(file), "steps": 100_000}, "")
    process.append(start(url))
    await until(lambda: len(lines(file)) >= 5, 60)
    await jobs.pause(job["id"])

    async def let_go() -> bool:
        return (await db.read(lambda connection: rows.find(connection, job["id"]))).owner is None

    await until(let_go)
    stopped_at = len(lines(file))
    assert (await jobs.get(job["id"]))["state"] == "paused"
    assert len(lines(file)) == stopped_at
