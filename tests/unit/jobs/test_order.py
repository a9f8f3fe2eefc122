"""What comes first, and what is taken off the list."""

from __future__ import annotations

import pytest
from tests.unit.jobs.helpers import Begin, Gate, ended, until

from serai.errors import Conflict, NotFound
from serai.jobs.runner import Jobs
from serai.storage.database import Database
from serai.telemetry.events import Events


async def test_a_higher_priority_takes_the_place_of_a_lower_one(begin: Begin) -> None:
    gate = Gate()
    jobs = await begin(gate, slots=2)
    usual = [(await jobs.submit("gate", {}, ""))["id"] for _ in range(2)]
    await until(lambda: gate.running == 2)
    urgent = (await jobs.submit("gate", {}, "", priority=10))["id"]
    await until(lambda: urgent in gate.begun)
    assert gate.stopped == [(usual[1], "yielded")]
    assert (await jobs.get(usual[1]))["state"] == "queued" and gate.most == 2
    gate.open.set()
    for job_id in (*usual, urgent):
        await ended(jobs, job_id, "done")


async def test_equal_ones_keep_their_places(begin: Begin) -> None:
    gate = Gate()
    jobs = await begin(gate, slots=1)
    first = (await jobs.submit("gate", {}, "", priority=10))["id"]
    await until(lambda: gate.running == 1)
    second = (await jobs.submit("gate", {}, "", priority=10))["id"]
    gate.open.set()
    await ended(jobs, second, "done")
    assert gate.begun == [first, second] and not gate.stopped


async def test_a_waiting_job_that_is_raised_begins_at_once(begin: Begin) -> None:
    gate = Gate()
    jobs = await begin(gate, slots=1)
    await jobs.submit("gate", {}, "")
    await until(lambda: gate.running == 1)
    waiting = (await jobs.submit("gate", {}, ""))["id"]
    await jobs.prioritise(waiting, 10)
    await until(lambda: gate.begun[-1] == waiting)


async def test_another_kind_gives_up_no_place(begin: Begin) -> None:
    other, gate = Gate(), Gate()
    other.kind = "other"
    jobs = await begin(gate, other, slots=1)
    await jobs.submit("other", {}, "", priority=-10)
    await until(lambda: other.running == 1)
    await jobs.submit("gate", {}, "", priority=10)
    other.open.set()
    gate.open.set()
    await until(lambda: bool(gate.begun))
    assert not other.stopped


async def test_a_running_job_and_its_work_know_of_a_changed_priority(begin: Begin, events: Events) -> None:
    gate = Gate()
    jobs = await begin(gate)
    job = (await jobs.submit("gate", {}, ""))["id"]
    await until(lambda: gate.running == 1)
    await jobs.prioritise(job, -10)
    assert (await jobs.get(job))["priority"] == -10 and jobs._runs[job]._context.priority == -10


async def test_what_another_process_changes_is_heard(begin: Begin, db: Database, events: Events) -> None:
    gate = Gate()
    jobs = await begin(gate)
    job = (await jobs.submit("gate", {}, ""))["id"]
    await until(lambda: gate.running == 1)
    await Jobs(db, Events(), [gate]).prioritise(job, 7)
    await until(lambda: jobs._runs[job].priority == 7)


async def test_only_what_has_ended_can_be_forgotten(begin: Begin) -> None:
    gate = Gate()
    jobs = await begin(gate)
    job = (await jobs.submit("gate", {}, ""))["id"]
    await until(lambda: gate.running == 1)
    with pytest.raises(Conflict, match="running"):
        await jobs.forget(job)
    gate.open.set()
    await ended(jobs, job, "done")
    await jobs.forget(job)
    with pytest.raises(NotFound):
        await jobs.get(job)


async def test_clearing_leaves_what_may_go_on(db: Database, events: Events) -> None:
    jobs = Jobs(db, events, [Gate()])
    kept, gone = [(await jobs.submit("gate", {}, ""))["id"] for _ in range(2)]
    await jobs.cancel(gone)
    assert await jobs.clear("other") == []
    assert await jobs.clear("gate") == [gone]
    assert [job["id"] for job in await jobs.list()] == [kept]


async def test_an_old_job_that_is_unfinished_is_always_listed(db: Database, events: Events) -> None:
    jobs = Jobs(db, events, [Gate()])
    old, over, new = [(await jobs.submit("gate", {}, ""))["id"] for _ in range(3)]
    await jobs.pause(old)
    await jobs.cancel(over)
    await jobs.cancel(new)
    assert [job["id"] for job in await jobs.list(limit=1)] == [new, old]
