"""Runs jobs. Their rows come first: whatever happens to this process, the next one goes on from the rows."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Row

from serai.errors import NotFound, SeraiError
from serai.jobs import rows
from serai.jobs.kinds import JobKind
from serai.jobs.owner import Owner, is_gone
from serai.jobs.progress import at_rest
from serai.jobs.rows import Job
from serai.jobs.run import Run
from serai.jobs.states import Action
from serai.storage.database import Database
from serai.telemetry import logs
from serai.telemetry.events import Events
from serai.types import OWNER, Principal, new_id

LOOK_S = 0.5
"""How often the table is looked at for what other processes did."""

PATIENCE_S = 5.0
"""How long pausing, cancelling and stopping wait for a job to let go."""

_log = logs.get("jobs")


class Jobs:
    """Several processes may hold one, on the same database; each job is run by one of them. Every change is
    published as a `job` event, other processes' changes included."""

    def __init__(self, db: Database, events: Events, kinds: Iterable[JobKind], slots: int = 3) -> None:
        """At most `slots` jobs run at the same time; the others wait in order. Nothing runs before `start`."""
        self._db = db
        self._events = events
        self._kinds = {kind.kind: kind for kind in kinds}
        self._slots = slots
        self._owner = ""
        self._runs: dict[str, Run] = {}
        self._told: dict[str, float] = {}
        self._since = 0.0
        self._wake = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    def learn(self, kind: JobKind) -> None:
        """Runs jobs of one more kind from now on."""
        self._kinds[kind.kind] = kind
        self._wake.set()

    async def submit(
        self, kind: str, args: Mapping[str, Any], title: str, principal: Principal = OWNER, *, priority: int = 0
    ) -> Job:
        """Queues a job, which begins before those of a lower priority; returns when it is committed. Raises NotFound
        for a kind that there is not."""
        if kind not in self._kinds:
            raise NotFound(f"There is no kind of job called {kind!r}.", hint=f"There are: {', '.join(self._kinds)}.")
        now = time.time()
        job: Job = {
            "id": new_id("job"),
            "kind": kind,
            "title": title,
            "principal": principal.id,
            "state": "queued",
            "args": dict(args),
            "progress": at_rest({}),
            "result": None,
            "error": None,
            "created_at": now,
            "updated_at": now,
            "priority": priority,
        }
        await self._db.write(lambda connection: rows.insert(connection, job))
        self._tell(job)
        self._wake.set()
        return job

    async def list(self, limit: int = 200) -> list[Job]:
        """Newest first: all that have not ended well, and those that were the newest."""
        found = await self._db.read(lambda connection: rows.newest(connection, limit))
        return [self._live(job) for job in found]

    async def get(self, job_id: str) -> Job:
        """Raises NotFound."""
        return self._live(await self._db.read(lambda connection: rows.as_job(rows.find(connection, job_id))))

    async def pause(self, job_id: str) -> Job:
        """Stops it after its last checkpoint until it is resumed. Raises NotFound or Conflict, as do the next two."""
        return await self._act(job_id, "pause")

    async def resume(self, job_id: str) -> Job:
        """Queues a paused or failed job again; it goes on from its last checkpoint."""
        return await self._act(job_id, "resume")

    async def cancel(self, job_id: str) -> Job:
        """Ends it for good."""
        return await self._act(job_id, "cancel")

    async def prioritise(self, job_id: str, priority: int) -> Job:
        """A job goes before all of a lower priority: when it begins, and in what running jobs share; where no place
        is free, one of its kind with a lower priority waits again. Raises NotFound."""
        job = await self._db.write(lambda connection: rows.prioritise(connection, job_id, priority))
        if run := self._runs.get(job_id):
            run.prioritise(priority)
        self._tell(job)
        self._wake.set()
        return job

    async def forget(self, job_id: str) -> None:
        """Takes a job that has ended off the list. Raises NotFound, and Conflict where it has not ended."""
        await self._db.write(lambda connection: rows.forget(connection, job_id))
        self._events.publish("job.removed", {"id": job_id})

    async def clear(self, kind: str = "") -> Sequence[str]:
        """Takes all off the list that are done or cancelled, or those of a kind; which those were."""
        gone = await self._db.write(lambda connection: rows.clear(connection, kind))
        for job_id in gone:
            self._events.publish("job.removed", {"id": job_id})
        return gone

    async def start(self) -> None:
        """Begins to run jobs, first those that a kill or a shutdown interrupted."""
        self._owner = str(Owner.mine())
        self._since = time.time()
        await self._recover()
        self._looking = asyncio.create_task(self._look_forever(), name="jobs")

    async def stop(self) -> None:
        """Interrupts what runs; the next start goes on with it. May be called twice."""
        if self._looking is not None:
            looking, self._looking = self._looking, None
            looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await looking
            tasks = [run.stop("shutdown") for run in self._runs.values()]
            if tasks:
                await asyncio.wait(tasks, timeout=PATIENCE_S)
            with contextlib.suppress(SeraiError):  # the next start sees that we are gone
                await self._release()

    async def _act(self, job_id: str, action: Action) -> Job:
        job = await self._db.write(lambda connection: rows.act(connection, job_id, action))
        self._tell(job)
        run = self._runs.get(job_id)
        if run is not None and job["state"] in ("paused", "cancelled"):
            await asyncio.wait([run.stop(job["state"])], timeout=PATIENCE_S)
        self._wake.set()
        return job

    async def _look_forever(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self._look()
            except SeraiError as error:  # a full disk or a busy database passes; the jobs go on meanwhile
                _log.warning("Jobs cannot be looked at: %s", error.message)
            except Exception:
                _log.exception("Jobs cannot be looked at")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):  # not wait_for, which loses a cancellation now and then
                    await self._wake.wait()

    async def _look(self) -> None:
        """Says that we are alive, hears what others did, and takes what is free."""
        now = time.time()
        if self._runs:
            moved = {run.id: progress for run in self._runs.values() if (progress := run.moved()) is not None}
            await self._db.write(lambda connection: rows.beat(connection, self._owner, moved))
        seen = await self._db.read(lambda connection: rows.alive(connection, self._since))
        self._since = now - 2 * LOOK_S
        self._hear(seen)
        if any(self._is_orphan(row, now) for row in seen):
            await self._recover()
        if any(row.owner == self._owner and row.id not in self._runs for row in seen):
            await self._release()
        waiting = [row for row in seen if row.state == "queued" and row.owner is None and row.kind in self._kinds]
        if waiting:
            self._make_way(waiting)
            await self._take()

    def _is_orphan(self, row: Row[Any], now: float) -> bool:
        return row.owner not in (None, self._owner) and is_gone(row.owner, row.beat_at, now)

    async def _release(self) -> None:
        """A shutdown may cut us off between a claim and its run."""
        running = set(self._runs)
        for job in await self._db.write(lambda connection: rows.release(connection, self._owner, running)):
            self._tell(job)

    async def _recover(self) -> None:
        for job in await self._db.write(rows.recover):
            self._tell(job)
        self._wake.set()

    def _hear(self, seen: Iterable[Row[Any]]) -> None:
        """Publishes what other processes changed and stops what they paused, cancelled or took over."""
        for row in seen:
            run = self._runs.get(row.id)
            if run is not None and row.owner != self._owner:
                run.stop("lost")
            elif run is not None and row.state == "running":
                run.prioritise(row.priority)
            elif run is not None:  # or queued: paused and resumed between two looks
                run.stop("cancelled" if row.state == "cancelled" else "paused")
            if run is None or row.state != "running":
                self._tell(rows.as_job(row))
        self._told = {row.id: self._told[row.id] for row in seen if row.id in self._told}

    def _make_way(self, waiting: Iterable[Row[Any]]) -> None:
        """Where all places are taken, one that runs gives its own to the first that waits, if that is of its kind and
        comes before it."""
        if len(self._runs) < self._slots or any(run.stopping for run in self._runs.values()):
            return
        first = max(waiting, key=lambda row: row.priority)
        below = [run for run in self._runs.values() if run.kind == first.kind and run.priority < first.priority]
        if below:
            min(reversed(below), key=lambda run: run.priority).stop("yielded")  # the one that began last

    async def _take(self) -> None:
        free = self._slots - len(self._runs)
        if free <= 0:
            return
        kinds = list(self._kinds)
        for row in await self._db.write(lambda connection: rows.claim(connection, self._owner, kinds, free)):
            run = Run(row, self._kinds[row.kind], self._db, self._owner, self._tell)
            self._runs[row.id] = run
            run.task.add_done_callback(partial(self._ended, row.id))

    def _ended(self, job_id: str, _task: asyncio.Task[None]) -> None:
        del self._runs[job_id]
        self._wake.set()

    def _live(self, job: Job) -> Job:
        run = self._runs.get(job["id"])
        return job if run is None or job["state"] != "running" else run.job()

    def _tell(self, job: Job) -> None:
        """Publishes a job, once per change and never an older state after a newer one."""
        if job["updated_at"] > self._told.get(job["id"], 0.0):
            self._told[job["id"]] = job["updated_at"]
            self._events.publish("job", dict(job))
