"""The job that waits for an Endpoint, on a real runner: to its end, through faults, a kill, and a deletion."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.fakes.cli import ENV, until
from tests.unit.providers.endpoints.conftest import Set

from serai.jobs.runner import Jobs
from serai.providers.endpoints.waiting import KIND, WaitJob
from serai.storage.database import Database
from serai.telemetry.events import Events

ENDS = ("done", "failed", "cancelled")


@pytest_asyncio.fixture
async def jobs(there: Set, tmp_path: Path) -> AsyncIterator[Jobs]:
    db = Database.open(f"sqlite:///{tmp_path / 'serai.db'}")
    made = Jobs(db, Events(), [WaitJob(there.room, every_s=0.01)])
    await made.start()
    yield made
    await made.stop()
    await db.close()


async def reached(jobs: Jobs, job: Any, there: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(20):
        while not there(now := await jobs.get(job["id"])):  # noqa: ASYNC110 - rows have no events
            await asyncio.sleep(0.01)
    return now


async def ended(jobs: Jobs, job: Any) -> Any:
    return await reached(jobs, job, lambda now: now["state"] in ENDS)


async def wait(jobs: Jobs, **more: Any) -> Any:
    return await ended(jobs, await jobs.submit(KIND, {"name": "mine", "namespace": "alice", **more}, "Endpoint mine"))


async def test_it_waits_until_the_endpoint_answers(there: Set, jobs: Jobs) -> None:
    there.twin.polls, there.twin.healthy = 2, False
    there.twin.add("mine", "initializing")
    job = await jobs.submit(KIND, {"name": "mine"}, "Endpoint mine")
    await reached(jobs, job, lambda now: "does not answer yet" in now["progress"]["note"])
    there.twin.healthy = True
    done = await ended(jobs, job)
    assert done["state"] == "done" and done["result"]["url"] == f"{there.twin.url}/at/mine"


@pytest.mark.parametrize(
    ("state", "code", "words"),
    [
        ("failed", "model_failed", "failed to start"),
        ("paused", "conflict", "paused"),
        ("scaledToZero", "conflict", "sleeps"),
    ],
)
async def test_what_will_not_run_by_itself_ends_it_in_words(
    there: Set, jobs: Jobs, state: str, code: str, words: str
) -> None:
    there.twin.add("mine", state)
    error = (await wait(jobs))["error"]
    assert error["code"] == code and words in error["message"] and error["hint"]


async def test_somebody_else_deletes_it_meanwhile(there: Set, jobs: Jobs) -> None:
    there.twin.polls = 10_000
    there.twin.add("mine", "initializing")
    job = await jobs.submit(KIND, {"name": "mine"}, "Endpoint mine")
    await reached(jobs, job, lambda now: "initializing" in now["progress"]["note"])
    del there.twin.there["mine"]
    error = (await ended(jobs, job))["error"]
    assert error["code"] == "not_found" and "not there any more" in error["message"]


@pytest.mark.parametrize("fault", ["busy", "cut"])
async def test_a_fault_on_the_way_is_waited_out(there: Set, jobs: Jobs, fault: str) -> None:
    there.twin.add("mine")
    if fault == "busy":
        there.twin.refuse["/endpoint/"] = (503, {"error": "maintenance"}, {})
    else:
        there.twin.cut = {"GET"}
    job = await jobs.submit(KIND, {"name": "mine", "namespace": "alice"}, "Endpoint mine")
    await reached(jobs, job, lambda now: "asked again" in now["progress"]["note"])
    there.twin.refuse.clear()
    there.twin.cut = set()
    assert (await ended(jobs, job))["state"] == "done"


async def test_a_refused_token_ends_it(there: Set, jobs: Jobs) -> None:
    there.twin.add("mine")
    there.token = "hf_another"
    assert "refused the token" in (await wait(jobs))["error"]["message"]


async def test_it_does_not_wait_for_ever(there: Set, jobs: Jobs) -> None:
    there.twin.polls = 10_000
    there.twin.add("mine", "initializing")
    assert (await wait(jobs, seconds=0.05))["error"]["code"] == "timed_out"


PROGRAM = """
    import asyncio, sys
    from serai.jobs.runner import Jobs
    from serai.providers.endpoints import opening
    from serai.providers.endpoints.waiting import KIND, WaitJob
    from serai.settings import Hub
    from serai.storage.database import Database
    from serai.telemetry.events import Events

    async def token():
        return sys.argv[3]

    async def main():
        hub = Hub(endpoint=sys.argv[2], endpoints=sys.argv[2] + "/v2")
        room = opening.build(lambda: hub, token, lambda: None)
        jobs = Jobs(Database.open(sys.argv[1]), Events(), [WaitJob(room, every_s=0.01)])
        await jobs.start()
        await jobs.submit(KIND, {"name": "mine", "namespace": "alice"}, "Endpoint mine")
        await asyncio.Event().wait()

    asyncio.run(main())
"""


@pytest.mark.slow
async def test_a_kill_in_the_middle_loses_nothing(there: Set, tmp_path: Path) -> None:
    there.twin.polls = 10_000
    there.twin.add("mine", "initializing")
    url = f"sqlite:///{tmp_path / 'serai.db'}"
    program = [sys.executable, "-c", textwrap.dedent(PROGRAM), url, there.twin.url, there.token or ""]
    process = subprocess.Popen(program, env=ENV)  # noqa: ASYNC220 - it is to be killed, not waited for
    try:
        await asyncio.to_thread(until, lambda: len(there.twin.seen) > 3)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    there.twin.left["mine"] = 0
    db = Database.open(url)
    jobs = Jobs(db, Events(), [WaitJob(there.room, every_s=0.01)])
    await jobs.start()
    try:
        (job,) = await jobs.list()
        assert (await ended(jobs, job))["result"]["state"] == "running"
    finally:
        await jobs.stop()
        await db.close()
