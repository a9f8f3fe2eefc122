"""Batches as their askers see them: made, listed, looked at, cancelled."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from serai.batches import rows
from serai.batches.rows import Batch
from serai.batches.uploads import Uploads
from serai.batches.work import KIND, Answerer, BatchJob
from serai.errors import BadRequest, Conflict, NotFound
from serai.jobs.runner import Jobs
from serai.storage.database import Database
from serai.types import Principal, new_id

PURPOSE = "batch"


class Batches:
    """A batch of another principal is NotFound."""

    def __init__(self, db: Database, uploads: Uploads, jobs: Jobs, job: BatchJob) -> None:
        self._db = db
        self._uploads = uploads
        self._jobs = jobs
        self._job = job

    def use(self, answer: Answerer) -> None:
        """Who answers the lines. Called before the jobs begin."""
        self._job.use(answer)

    async def create(self, who: Principal, upload: str, endpoint: str, notes: Mapping[str, str]) -> Batch:
        """Begins to answer a file. Raises NotFound, or BadRequest for a file that is not for batches."""
        found = await self._uploads.get(who.id, upload)
        if found.purpose != PURPOSE:
            raise BadRequest(f"{upload} is for {found.purpose!r}; send it with the purpose 'batch'.")
        batch = Batch(
            id=new_id("batch"),
            principal=who.id,
            endpoint=endpoint,
            input=upload,
            state="validating",
            created_at=time.time(),
            output=new_id("file"),
            errors=new_id("file"),
            notes=dict(notes),
            counts={"total": 0, "completed": 0, "failed": 0},
        )
        await self._db.write(lambda connection: rows.insert(connection, batch))
        return await self._begin(batch, who, f"Batch {found.filename}")

    async def get(self, principal: str, batch: str) -> Batch:
        """Raises NotFound."""
        return await self._seen(await self._db.read(lambda connection: rows.find(connection, batch, principal)))

    async def list(self, principal: str) -> list[Batch]:
        """Newest first."""
        found = await self._db.read(lambda connection: rows.newest(connection, principal))
        return [await self._seen(batch) for batch in found]

    async def cancel(self, principal: str, batch: str) -> Batch:
        """Stops it; what was answered is kept. Raises NotFound, or Conflict where it has ended."""
        found = await self.get(principal, batch)
        if found.ended:
            raise Conflict(f"This batch is {found.state} already.", state=found.state)
        await self._db.write(lambda connection: rows.change(connection, batch, "cancelling"))
        if found.job is not None:
            await self._jobs.cancel(found.job)
        return await self._job.end(batch, "cancelled")

    async def needs(self, upload: str) -> bool:
        """Whether a batch that has not ended reads this file."""
        return any(batch.input == upload for batch in await self._db.read(rows.unfinished))

    async def tidy(self) -> None:
        """After a kill: files that are nobody's go, and batches whose job was never made begin after all."""
        unfinished = await self._db.read(rows.unfinished)
        await self._uploads.tidy({name for batch in unfinished for name in (batch.output, batch.errors) if name})
        for batch in unfinished:
            if batch.job is None:
                await self._begin(batch, Principal(batch.principal, batch.principal), "Batch")

    async def _begin(self, batch: Batch, who: Principal, title: str) -> Batch:
        """Behind what somebody waits for, such as downloads."""
        job = await self._jobs.submit(KIND, {"batch": batch.id}, title, who, priority=-1)
        return await self._db.write(lambda connection: rows.change(connection, batch.id, job=job["id"]))

    async def _seen(self, batch: Batch) -> Batch:
        """The batch with what became of its job, where that ended without it."""
        if batch.ended or batch.job is None:
            return batch
        try:
            job = await self._jobs.get(batch.job)
        except NotFound:
            return batch
        if job["state"] == "cancelled":
            return await self._job.end(batch.id, "cancelled")
        if job["state"] == "failed":
            error = job["error"] or {}
            problem = {"line": None, "param": None, "code": error.get("code"), "message": error.get("message")}
            return replace(batch, state="failed", problems=[problem])
        return batch
