from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.unit.jobs.helpers import Begin, Gate, Scripted, ended, until

from serai.errors import Busy, Conflict, LoadFailed, NotFound
from serai.jobs import rows, run, runner
from serai.jobs.kinds import JobContext
from serai.jobs.owner import Owner
from serai.jobs.runner import Jobs
from serai.storage import tables
from serai.storage.database import Database
from serai.telemetry import logs
from serai.telemetry.events import Events
from serai.types import Principal

Read = Callable[[str], Awaitable[Any]]


@pytest.fixture
def row(db: Database) -> Read:
    async def read(job_id: str) -> Any:
        return await db.read(lambda connection: rows.find(connection, job_id))

    return read


async def change(db: Database, **values: Any) -> None:
    await db.write(lambda connection: connection.execute(update(tables.jobs).values(**values)))


async def test_a_job_is_done_and_its_result_kept(begin: Begin) -> None:
    async def work(job: JobContext) -> dict[str, Any]:
        return {"sum": sum(job.args["numbers"])}

    jobs = await begin(Scripted(work))
    job = await jobs.submit("scripted", {"numbers": [1, 2]}, "جمع", Principal("p", "Person"))
    assert (job["state"], job["title"], job["principal"], job["result"]) == ("queued", "جمع", "p", None)
    done = await ended(jobs, job["id"], "done")
    assert (done["result"], done["error"], done["args"]) == ({"sum": 3}, None, {"numbers": [1, 2]})


async def test_an_unknown_kind_or_job_is_said(begin: Begin) -> None:
    jobs = await begin(Gate())
    with pytest.raises(NotFound, match="kind of job called 'dance'"):
        await jobs.submit("dance", {}, "")
    for action in (jobs.get, jobs.pause, jobs.resume, jobs.cancel):
        with pytest.raises(NotFound, match="no job 'job_x'"):
            await action("job_x")


async def test_the_newest_is_listed_first(db: Database, events: Events) -> None:
    jobs = Jobs(db, events, [Gate()])
    ids = [(await jobs.submit("gate", {}, str(number)))["id"] for number in range(3)]
    assert [job["id"] for job in await jobs.list()] == ids[::-1]


async def test_without_start_nothing_runs_and_a_start_takes_it_up(db: Database, events: Events, begin: Begin) -> None:
    job = await Jobs(db, events, [Gate()]).submit("gate", {}, "")
    gate = Gate()
    gate.open.set()
    await ended(await begin(gate), job["id"], "done")


async def test_only_so_many_run_at_once_and_in_order(begin: Begin) -> None:
    gate = Gate()
    jobs = await begin(gate, slots=2)
    ids = [(await jobs.submit("gate", {}, ""))["id"] for _ in range(5)]
    await until(lambda: gate.running == 2)
    assert [job["state"] for job in await jobs.list()] == ["queued"] * 3 + ["running"] * 2
    gate.open.set()
    for job_id in ids:
        await ended(jobs, job_id, "done")
    assert gate.begun == ids and gate.most == 2


async def test_the_highest_priority_begins_first_and_may_change(db: Database, events: Events, begin: Begin) -> None:
    waiting = Jobs(db, events, [Gate()])
    last, second, third = [(await waiting.submit("gate", {}, "", priority=level))["id"] for level in (-1, 1, 0)]
    first = (await waiting.submit("gate", {}, ""))["id"]
    assert (await waiting.prioritise(first, 9))["priority"] == 9
    gate = Gate()
    gate.open.set()
    await begin(gate, slots=1)
    await until(lambda: len(gate.begun) == 4)
    assert gate.begun == [first, second, third, last]
    with pytest.raises(NotFound):
        await waiting.prioritise("job_x", 1)


async def test_pausing_stops_it_and_resuming_goes_on_from_the_checkpoint(begin: Begin, row: Read) -> None:
    starts: list[Any] = []
    saved, gate = asyncio.Event(), asyncio.Event()

    async def work(job: JobContext) -> dict[str, Any]:
        starts.append(job.checkpoint)
        await job.save({"step": len(starts)})
        saved.set()
        await gate.wait()
        return {}

    jobs = await begin(Scripted(work))
    job = await jobs.submit("scripted", {}, "")
    await saved.wait()
    assert (await jobs.pause(job["id"]))["state"] == "paused"
    assert (await row(job["id"])).owner is None
    assert (await jobs.pause(job["id"]))["state"] == "paused"
    gate.set()
    await jobs.resume(job["id"])
    await ended(jobs, job["id"], "done")
    assert starts == [None, {"step": 1}]


async def test_a_kind_learns_why_it_stops_and_may_save_once_more(begin: Begin, row: Read) -> None:
    begun = asyncio.Event()

    async def work(job: JobContext) -> dict[str, Any]:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await job.save({"why": job.stopping})
            raise
        return {}

    jobs = await begin(Scripted(work))
    for action, state in ((jobs.pause, "paused"), (jobs.cancel, "cancelled")):
        begun.clear()
        job = await jobs.submit("scripted", {}, "")
        await begun.wait()
        await action(job["id"])
        stored = await row(job["id"])
        assert (stored.checkpoint, stored.state) == ({"why": state}, state)


async def test_a_run_that_is_stopped_before_its_first_step_lets_go(db: Database, row: Read) -> None:
    gate = Gate()
    jobs = Jobs(db, Events(), [gate])
    job = await jobs.submit("gate", {}, "")
    (claimed,) = await db.write(lambda connection: rows.claim(connection, "me", ["gate"], 1))
    one = run.Run(claimed, gate, db, "me", lambda _: None)
    one.stop("shutdown")
    await one.task
    assert ((await row(job["id"])).owner, (await row(job["id"])).state, gate.begun) == (None, "queued", [])


@pytest.mark.parametrize("then", ["look", "stop"])
async def test_what_was_claimed_and_never_begun_is_given_back(begin: Begin, db: Database, row: Read, then: str) -> None:
    gate = Gate()
    jobs = await begin(gate)
    stopped = Jobs(db, Events(), [gate])
    job = await stopped.submit("gate", {}, "")
    if then == "stop":
        await jobs.stop()
    await change(db, state="running", owner=jobs._owner)
    if then == "stop":
        jobs._looking = asyncio.create_task(asyncio.sleep(60))
        await jobs.stop()
        assert ((await row(job["id"])).state, (await row(job["id"])).owner) == ("queued", None)
    else:
        gate.open.set()
        await ended(jobs, job["id"], "done")


async def test_a_waiting_job_can_be_paused_and_cancelled(begin: Begin) -> None:
    gate = Gate()
    jobs = await begin(gate, slots=1)
    first, second, third = [(await jobs.submit("gate", {}, ""))["id"] for _ in range(3)]
    await jobs.pause(second)
    await jobs.cancel(third)
    gate.open.set()
    await ended(jobs, first, "done")
    await jobs.resume(second)
    await ended(jobs, second, "done")
    assert gate.begun == [first, second] and (await jobs.get(third))["state"] == "cancelled"


async def test_what_is_over_is_over(begin: Begin) -> None:
    gate = Gate()
    gate.open.set()
    jobs = await begin(gate)
    job = await jobs.submit("gate", {}, "")
    await ended(jobs, job["id"], "done")
    for action in (jobs.pause, jobs.resume, jobs.cancel):
        with pytest.raises(Conflict):
            await action(job["id"])


async def test_a_failure_is_in_words_and_can_be_retried(begin: Begin) -> None:
    faults = [LoadFailed("The file is cut short.", cause="truncated", hint="Fetch it again.")]

    async def work(job: JobContext) -> dict[str, Any]:
        if faults:
            raise faults.pop()
        return {"ok": True}

    jobs = await begin(Scripted(work))
    job = await jobs.submit("scripted", {}, "")
    error = (await ended(jobs, job["id"], "failed"))["error"]
    assert error is not None and (error["code"], error["hint"]) == ("load_failed", "Fetch it again.")
    assert (await jobs.resume(job["id"]))["error"] is None
    assert (await ended(jobs, job["id"], "done"))["result"] == {"ok": True}


async def test_a_fault_of_ours_is_in_words_without_secrets(begin: Begin) -> None:
    logs.redact("open-sesame")

    async def work(job: JobContext) -> dict[str, Any]:
        raise KeyError("open-sesame")

    jobs = await begin(Scripted(work))
    job = await jobs.submit("scripted", {}, "")
    error = (await ended(jobs, job["id"], "failed"))["error"]
    assert error is not None and error["code"] == "internal" and "KeyError" in error["message"]
    assert "sesame" not in str(error)


async def test_a_cancellation_inside_the_work_is_a_failure_not_a_loop(begin: Begin) -> None:
    async def work(job: JobContext) -> dict[str, Any]:
        raise asyncio.CancelledError

    jobs = await begin(Scripted(work))
    job = await jobs.submit("scripted", {}, "")
    await ended(jobs, job["id"], "failed")


async def test_a_shutdown_puts_it_back_and_a_start_goes_on(begin: Begin, row: Read) -> None:
    first, second = Gate(), Gate()
    jobs = await begin(first)
    job = await jobs.submit("gate", {}, "")
    await until(lambda: first.running == 1)
    await jobs.stop()
    stored = await row(job["id"])
    assert (first.stopped, stored.state, stored.owner, stored.attempts) == (
        [(job["id"], "shutdown")],
        "queued",
        None,
        0,
    )
    second.open.set()
    await ended(await begin(second), job["id"], "done")


async def test_work_that_stops_badly_at_shutdown_is_not_failed(begin: Begin, row: Read) -> None:
    begun = asyncio.Event()

    async def work(job: JobContext) -> dict[str, Any]:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("tidying failed")

    jobs = await begin(Scripted(work))
    job = await jobs.submit("scripted", {}, "")
    await begun.wait()
    await jobs.stop()
    assert (await row(job["id"])).state == "queued"


async def test_two_runners_never_run_one_job_twice(begin: Begin) -> None:
    gates = [Gate(), Gate()]
    runners = [await begin(gate, slots=4) for gate in gates]
    ids = [(await runners[number % 2].submit("gate", {}, ""))["id"] for number in range(40)]
    for gate in gates:
        gate.open.set()
    for job_id in ids:
        await ended(runners[0], job_id, "done")
    assert sorted(gates[0].begun + gates[1].begun) == sorted(ids)


async def test_another_runner_s_job_can_be_paused_and_goes_on_elsewhere(begin: Begin) -> None:
    mine, theirs = Gate(), Gate()
    one = await begin(mine)
    job = await one.submit("gate", {}, "")
    await until(lambda: mine.running == 1)
    other = await begin(theirs, slots=1)
    await other.pause(job["id"])
    await until(lambda: mine.stopped == [(job["id"], "paused")])
    await one.stop()
    await other.resume(job["id"])
    theirs.open.set()
    await ended(other, job["id"], "done")
    assert theirs.begun == [job["id"]]


async def test_paused_and_resumed_by_another_between_two_looks_it_starts_anew(
    begin: Begin, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    one = await begin(gate)
    monkeypatch.setattr(runner, "LOOK_S", 60)
    job = await one.submit("gate", {}, "")
    await until(lambda: gate.running == 1)
    other = Jobs(db, Events(), [Gate()])
    await other.pause(job["id"])
    await other.resume(job["id"])
    monkeypatch.setattr(runner, "LOOK_S", 0.05)
    one._wake.set()
    await until(lambda: gate.begun == [job["id"]] * 2)
    assert (gate.stopped, gate.most) == ([(job["id"], "paused")], 1)
    gate.open.set()
    await ended(one, job["id"], "done")


async def test_resumed_at_once_it_waits_until_the_old_run_has_let_go(begin: Begin) -> None:
    running = most = 0
    begun, let_go = asyncio.Event(), asyncio.Event()

    async def work(job: JobContext) -> dict[str, Any]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await let_go.wait()
            running -= 1
        return {}

    one, other = await begin(Scripted(work)), await begin(Scripted(work))
    job = await one.submit("scripted", {}, "")
    await begun.wait()
    pausing = asyncio.create_task(one.pause(job["id"]))
    await ended(other, job["id"], "paused")
    begun.clear()
    await other.resume(job["id"])
    assert not begun.is_set() and running == 1
    let_go.set()
    await pausing
    await begun.wait()
    assert most == 1


async def test_what_others_change_is_published_here(begin: Begin) -> None:
    here = Events()
    await begin(tell=here)
    stream = here.subscribe()
    gate = Gate()
    other = await begin(gate, tell=Events())
    job = await other.submit("gate", {}, "")
    gate.open.set()
    states: list[str] = []
    async with asyncio.timeout(20):
        while "done" not in states:
            event = await anext(stream)
            assert event.topic == "job" and event.data["id"] == job["id"]
            states.append(event.data["state"])
    assert states == sorted(states, key=["queued", "running", "done"].index)


async def test_every_step_is_published_once_and_in_order(begin: Begin, events: Events) -> None:
    stream = events.subscribe()
    gate = Gate()
    jobs = await begin(gate)
    job = await jobs.submit("gate", {}, "")
    await until(lambda: gate.running == 1)
    await jobs.pause(job["id"])
    await jobs.resume(job["id"])
    gate.open.set()
    states: list[str] = []
    async with asyncio.timeout(20):
        while "done" not in states:
            states.append((await anext(stream)).data["state"])
    short = [state for before, state in zip([None, *states], states, strict=False) if state != before]
    assert short == ["queued", "running", "paused", "queued", "running", "done"]


async def test_progress_is_seen_at_once_and_kept(begin: Begin, events: Events, row: Read) -> None:
    gate = asyncio.Event()

    async def work(job: JobContext) -> dict[str, Any]:
        for done in range(1, 1_001):
            job.progress(done=done, total=1_000, note=f"{done}")
        await gate.wait()
        return {}

    stream = events.subscribe()
    jobs = await begin(Scripted(work))
    job = await jobs.submit("scripted", {}, "")
    told = 0
    async with asyncio.timeout(20):
        while (event := await anext(stream)).data["progress"]["done"] != 1_000:
            told += 1
    assert told < 10 and event.data["progress"]["note"] == "1000"
    assert (await jobs.get(job["id"]))["progress"]["done"] == 1_000

    async def kept() -> bool:
        return bool((await row(job["id"])).progress["done"] == 1_000)

    await until(kept)
    gate.set()
    progress = (await ended(jobs, job["id"], "done"))["progress"]
    assert progress == {"done": 1_000, "total": 1_000, "rate": None, "eta_s": None, "note": "1000", "parts": []}


async def test_a_job_that_takes_serai_down_again_and_again_is_given_up(begin: Begin, db: Database) -> None:
    jobs = Jobs(db, Events(), [Gate()])
    job = await jobs.submit("gate", {}, "")
    dead = str(Owner("nowhere", 1, "1", "x"))
    await change(db, state="running", owner=dead, beat_at=0.0, attempts=rows.MOST_ATTEMPTS)
    gate = Gate()
    jobs = await begin(gate)
    failed = await ended(jobs, job["id"], "failed")
    assert failed["error"] is not None and "without getting any further" in failed["error"]["message"]
    gate.open.set()
    await jobs.resume(job["id"])
    await ended(jobs, job["id"], "done")


async def test_a_run_that_was_taken_over_cannot_save_or_finish(begin: Begin, db: Database, row: Read) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    outcome: list[str] = []

    async def work(job: JobContext) -> dict[str, Any]:
        begun.set()
        await go_on.wait()
        try:
            await job.save({"step": "stale"})
        except asyncio.CancelledError:
            outcome.append(str(job.stopping))
            raise
        return {}

    jobs = await begin(Scripted(work))
    job = await jobs.submit("scripted", {}, "")
    await begun.wait()
    assert jobs._looking is not None
    jobs._looking.cancel()  # as on a machine that slept
    await change(db, owner=str(Owner.mine()), checkpoint={"step": "new"})
    go_on.set()
    await until(lambda: outcome == ["lost"])
    stored = await row(job["id"])
    assert (stored.checkpoint, stored.state) == ({"step": "new"}, "running")


async def test_a_disk_that_is_full_at_the_end_is_waited_for(
    begin: Begin, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "RETRY_S", 0.01)
    settle, refused = rows.settle, 0

    def full(*args: Any, **outcome: Any) -> Any:
        nonlocal refused
        refused += 1
        if refused < 3:
            raise Busy("full", retry_after=1)
        return settle(*args, **outcome)

    monkeypatch.setattr(rows, "settle", full)
    gate = Gate()
    gate.open.set()
    jobs = await begin(gate)
    job = await jobs.submit("gate", {}, "")
    await ended(jobs, job["id"], "done")
    assert refused == 3


async def test_the_runner_survives_a_database_that_is_busy(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate()
    gate.open.set()
    jobs = await begin(gate)
    claim = rows.claim
    faults: list[Exception] = [Busy("busy", retry_after=1), RuntimeError("a fault of ours")]

    def busy(*args: Any) -> Any:
        if faults:
            raise faults.pop()
        return claim(*args)

    monkeypatch.setattr(rows, "claim", busy)
    await ended(jobs, (await jobs.submit("gate", {}, ""))["id"], "done")
    assert faults == []


async def test_a_kind_that_is_not_here_stays_queued_for_one_that_has_it(begin: Begin) -> None:
    gate = Gate()
    gate.open.set()
    full = await begin(gate)
    await full.stop()
    job = await full.submit("gate", {}, "")

    async def nothing(job: JobContext) -> dict[str, Any]:
        return {}

    other = await begin(Scripted(nothing))
    await ended(other, (await other.submit("scripted", {}, ""))["id"], "done")
    assert (await other.get(job["id"]))["state"] == "queued"


async def test_stopping_twice_is_fine(begin: Begin) -> None:
    jobs = await begin(Gate())
    await jobs.stop()
    await jobs.stop()


async def test_an_idle_runner_does_not_write(begin: Begin, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await begin(Gate())
    written: list[object] = []
    read: list[object] = []
    plain_read = db.read

    async def counting(work: Any) -> Any:
        read.append(work)
        return await plain_read(work)

    async def noting(work: Any) -> None:
        written.append(work)

    with monkeypatch.context() as patch:
        patch.setattr(db, "read", counting)
        patch.setattr(db, "write", noting)
        await until(lambda: len(read) > 3)
    assert written == []


async def test_nothing_is_left_of_finished_jobs_in_memory(begin: Begin, db: Database) -> None:
    gate = Gate()
    gate.open.set()
    jobs = await begin(gate)
    for _ in range(5):
        await ended(jobs, (await jobs.submit("gate", {}, ""))["id"], "done")
    await until(lambda: not jobs._runs)
    owners = await db.read(lambda connection: connection.execute(select(tables.jobs.c.owner)).scalars().all())
    assert owners == [None] * 5
