"""The table of jobs: every change is one work, so that two processes never both believe that a job is theirs."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import Any, TypedDict

from sqlalchemy import Connection, Row, or_, select

from serai.errors import Conflict, NotFound
from serai.jobs import states
from serai.jobs.owner import is_gone
from serai.jobs.progress import Progress, at_rest
from serai.jobs.states import Action, State
from serai.storage.tables import jobs

MOST_ATTEMPTS = 5
"""Starts without a new checkpoint after which a job that takes Serai down with it is given up."""

_OVER = ("done", "cancelled")


class Job(TypedDict):
    """A job as everybody sees it."""

    id: str
    kind: str
    title: str
    principal: str
    state: State
    args: dict[str, Any]
    progress: Progress
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    created_at: float
    updated_at: float
    priority: int


def as_job(row: Row[Any]) -> Job:
    return {
        "id": row.id,
        "kind": row.kind,
        "title": row.title,
        "principal": row.principal,
        "state": row.state,
        "args": row.args,
        "progress": row.progress if row.state == "running" else at_rest(row.progress),
        "result": row.result,
        "error": row.error,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "priority": row.priority,
    }


def find(connection: Connection, job_id: str) -> Row[Any]:
    """Raises NotFound."""
    row = connection.execute(select(jobs).where(jobs.c.id == job_id)).first()
    if row is None:
        raise NotFound(f"There is no job {job_id!r}.", hint="`serai jobs` lists them.")
    return row


def newest(connection: Connection, limit: int) -> list[Job]:
    """However many there were since: what is unfinished is among them."""
    order = (jobs.c.created_at.desc(), jobs.c.id.desc())
    last = select(jobs.c.id).order_by(*order).limit(limit)
    unfinished = jobs.c.state.not_in(_OVER)
    query = select(jobs).where(or_(unfinished, jobs.c.id.in_(last))).order_by(*order)
    return [as_job(row) for row in connection.execute(query)]


def alive(connection: Connection, since: float) -> Sequence[Row[Any]]:
    """What a runner must look at: unfinished work, anything with an owner, and what changed lately."""
    open_states = jobs.c.state.in_(("queued", "running"))
    query = select(jobs).where(or_(open_states, jobs.c.owner.is_not(None), jobs.c.updated_at >= since))
    return connection.execute(query.order_by(jobs.c.created_at, jobs.c.id)).all()


def insert(connection: Connection, job: Job) -> None:
    connection.execute(jobs.insert().values(**job))


def act(connection: Connection, job_id: str, action: Action) -> Job:
    """Pause, resume or cancel. Raises NotFound or Conflict."""
    row = find(connection, job_id)
    state = states.after(row.state, action)
    if state != row.state:
        fresh = {"error": None, "attempts": 0} if action == "resume" else {}
        _set(connection, job_id, state=state, updated_at=time.time(), **fresh)
    return as_job(find(connection, job_id))


def prioritise(connection: Connection, job_id: str, priority: int) -> Job:
    """Raises NotFound."""
    find(connection, job_id)
    _set(connection, job_id, priority=priority, updated_at=time.time())
    return as_job(find(connection, job_id))


def forget(connection: Connection, job_id: str) -> None:
    """Raises NotFound, and Conflict while it may go on."""
    row = find(connection, job_id)
    if row.owner is not None or row.state not in (*_OVER, "failed"):
        raise Conflict(f"The job is {row.state}.", hint="Cancel it first.", state=row.state)
    connection.execute(jobs.delete().where(jobs.c.id == job_id))


def clear(connection: Connection, kind: str) -> list[str]:
    """Removes what is done or cancelled, of a kind where one is given."""
    over = select(jobs.c.id).where(jobs.c.state.in_(_OVER), jobs.c.owner.is_(None))
    gone = [row.id for row in connection.execute(over.where(jobs.c.kind == kind) if kind else over)]
    connection.execute(jobs.delete().where(jobs.c.id.in_(gone)))
    return gone


def claim(connection: Connection, owner: str, kinds: Collection[str], limit: int) -> list[Row[Any]]:
    """Makes the queued jobs that nobody works on ours: the highest priority first, then the oldest."""
    free = select(jobs.c.id, jobs.c.attempts).where(
        jobs.c.state == "queued", jobs.c.owner.is_(None), jobs.c.kind.in_(kinds)
    )
    order = (jobs.c.priority.desc(), jobs.c.created_at, jobs.c.id)
    claimed = connection.execute(free.order_by(*order).limit(limit)).all()
    now = time.time()
    for row in claimed:
        state = states.after("queued", "claim")
        _set(connection, row.id, state=state, owner=owner, beat_at=now, attempts=row.attempts + 1, updated_at=now)
    return [find(connection, row.id) for row in claimed]


def save(connection: Connection, job_id: str, owner: str, checkpoint: dict[str, Any], progress: Progress) -> bool:
    """False when the job is not ours any more."""
    mine = jobs.update().where(jobs.c.id == job_id, jobs.c.owner == owner)
    values = {"checkpoint": checkpoint, "progress": progress, "attempts": 0, "beat_at": time.time()}
    return connection.execute(mine.values(**values)).rowcount == 1


def beat(connection: Connection, owner: str, progress: dict[str, Progress]) -> None:
    """A sign of life for all jobs of ours, and the progress of those that have moved."""
    now = time.time()
    connection.execute(jobs.update().where(jobs.c.owner == owner).values(beat_at=now))
    for job_id, moved in progress.items():
        mine = jobs.update().where(jobs.c.id == job_id, jobs.c.owner == owner, jobs.c.state == "running")
        connection.execute(mine.values(progress=moved, updated_at=now))


def settle(
    connection: Connection, job_id: str, owner: str, action: Action, progress: Progress, **outcome: Any
) -> Job | None:
    """Ends our work on a job. What a person asked for meanwhile (pause, cancel) stands. None: it was not ours."""
    row = connection.execute(select(jobs).where(jobs.c.id == job_id, jobs.c.owner == owner)).first()
    if row is None:
        return None
    values: dict[str, Any] = {"owner": None, "beat_at": None, "progress": at_rest(progress), "updated_at": time.time()}
    if row.state == "running":
        values |= {"state": states.after("running", action), **outcome}
        if action == "requeue":  # a shutdown is no failed attempt
            values["attempts"] = max(row.attempts - 1, 0)
    _set(connection, job_id, **values)
    return as_job(find(connection, job_id))


def release(connection: Connection, owner: str, running: Collection[str]) -> list[Job]:
    """Queues again what is in our name though nothing of ours runs it."""
    mine = connection.execute(select(jobs).where(jobs.c.owner == owner)).all()
    freed = [settle(connection, row.id, owner, "requeue", row.progress) for row in mine if row.id not in running]
    return [job for job in freed if job is not None]


def recover(connection: Connection) -> list[Job]:
    """Frees the jobs of processes that are gone; what they ran is queued again, or given up after too many starts."""
    now = time.time()
    orphans = [
        row
        for row in connection.execute(select(jobs).where(jobs.c.owner.is_not(None)))
        if is_gone(row.owner, row.beat_at, now)
    ]
    for row in orphans:
        values: dict[str, Any] = {"owner": None, "beat_at": None, "updated_at": now}
        if row.state == "running":
            given_up = row.attempts >= MOST_ATTEMPTS
            values["state"] = states.after("running", "fail" if given_up else "requeue")
            values["error"] = _given_up(row.attempts) if given_up else None
        _set(connection, row.id, **values)
    return [as_job(find(connection, row.id)) for row in orphans]


def _given_up(attempts: int) -> dict[str, Any]:
    return {
        "code": "interrupted",
        "message": f"Serai ended {attempts} times while this ran, without getting any further.",
        "who": "serai",
        "hint": "The log tells more. Resume it to try again.",
    }


def _set(connection: Connection, job_id: str, **values: Any) -> None:
    connection.execute(jobs.update().where(jobs.c.id == job_id).values(**values))
