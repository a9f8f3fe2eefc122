"""One run of one job in this process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row

from serai.errors import Internal, SeraiError
from serai.jobs import rows
from serai.jobs.kinds import JobContext, JobKind, Stopping
from serai.jobs.progress import Meter, Part, Progress, at_rest
from serai.jobs.rows import Job
from serai.jobs.states import Action
from serai.storage.database import Database
from serai.telemetry import logs

TELL_S = 0.1
"""Progress is published this often at most; the last report is never left out."""

RETRY_S = 1.0

_log = logs.get("jobs")


class Run:
    """Its task ends when the row says how it ended."""

    def __init__(self, row: Row[Any], kind: JobKind, db: Database, owner: str, tell: Callable[[Job], None]) -> None:
        self.id: str = row.id
        self._job = rows.as_job(row)
        self._kind = kind
        self._db = db
        self._owner = owner
        self._tell = tell
        self._meter = Meter(at_rest(row.progress))
        self._moved = False
        self._later: asyncio.TimerHandle | None = None
        self._told_at = 0.0
        self._begun = self._ending = False
        self._context = JobContext(row.id, row.args, row.checkpoint, self._save, self._report, row.priority)
        self._tell(self._job)
        self.task = asyncio.create_task(self._whole(), name=f"job {row.id}")

    @property
    def kind(self) -> str:
        return self._kind.kind

    @property
    def priority(self) -> int:
        return self._context.priority

    @property
    def stopping(self) -> bool:
        """Whether it is letting go of its place."""
        return self._context.stopping is not None

    def prioritise(self, priority: int) -> None:
        """What it shares with others goes to it before, or after, theirs from now on."""
        self._context.priority = self._job["priority"] = priority

    def job(self) -> Job:
        """The job as it is now."""
        return {**self._job, "progress": self._meter.read()}

    def stop(self, why: Stopping) -> asyncio.Task[None]:
        """Cancels the work, once; what is being written at its end only a shutdown interrupts. Returns the task to
        wait for."""
        if self._context.stopping is None and (not self._ending or why == "shutdown"):
            self._context.stopping = why
            self._quiet()
            if self._begun:  # a task that is cancelled before its first step would never settle the row
                self.task.cancel()
        return self.task

    def moved(self) -> Progress | None:
        """The progress, if it was reported anew since the last time this was asked."""
        moved, self._moved = self._moved, False
        return self._meter.read() if moved else None

    async def _whole(self) -> None:
        self._begun = True
        action, outcome = ("requeue", {}) if self._context.stopping else await self._work()
        self._ending = True
        self._quiet()
        if self._context.stopping != "lost":
            await self._settle(action, outcome)

    async def _work(self) -> tuple[Action, dict[str, Any]]:
        try:
            return "finish", {"result": await self._kind.run(self._context), "error": None}
        except asyncio.CancelledError as error:
            if not self.task.cancelling():  # something inside the kind was cancelled, not the job
                return self._failed(error)
            return "requeue", {}
        except Exception as error:
            if self._context.stopping is not None:
                _log.warning("The job %s did not stop cleanly", self.id, exc_info=True)
                return "requeue", {}
            return self._failed(error)

    def _failed(self, error: BaseException) -> tuple[Action, dict[str, Any]]:
        if not isinstance(error, SeraiError):
            _log.error("The job %s (%s) failed", self.id, self._kind.kind, exc_info=error)
            hint = "`serai logs jobs` tells more; resume it to try again."
            error = Internal(f"{type(error).__name__}: {error}", hint=hint)
        words = error.as_dict()
        return "fail", {"error": {**words, "message": logs.clean(words["message"])}}

    async def _settle(self, action: Action, outcome: dict[str, Any]) -> None:
        """Writes how it ended; waits for a full disk or a busy database to pass."""
        progress = self._meter.read()
        while True:
            try:
                job = await self._db.write(
                    lambda connection: rows.settle(connection, self.id, self._owner, action, progress, **outcome)
                )
            except SeraiError as fault:
                _log.warning("The end of job %s cannot be saved yet: %s", self.id, fault.message)
                await asyncio.sleep(RETRY_S)
            else:
                if job is not None:
                    self._tell(job)
                return

    async def _save(self, checkpoint: dict[str, Any]) -> None:
        progress = self._meter.read()
        mine = await self._db.write(
            lambda connection: rows.save(connection, self.id, self._owner, checkpoint, progress)
        )
        if not mine:
            self._context.stopping = "lost"
            raise asyncio.CancelledError

    def _report(
        self,
        done: float | None,
        total: float | None,
        rate: float | None,
        note: str | None,
        parts: Sequence[Part] | None,
        found: float,
    ) -> None:
        self._meter.report(done, total, rate, note, parts, found)
        self._moved = True
        if self._later is None and self._context.stopping is None:
            loop = asyncio.get_running_loop()
            self._later = loop.call_at(max(loop.time(), self._told_at + TELL_S), self._tell_progress)

    def _quiet(self) -> None:
        """What was reported last is in the job that is told next."""
        if self._later is not None:
            self._later.cancel()
            self._later = None

    def _tell_progress(self) -> None:
        self._later = None
        self._told_at = asyncio.get_running_loop().time()
        self._tell({**self.job(), "updated_at": time.time()})
