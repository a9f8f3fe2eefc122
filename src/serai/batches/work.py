"""The job that answers a batch: a few lines at a time, each once, whatever kills it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from serai.batches import lines, rows
from serai.batches.lines import Answers, Line
from serai.batches.rows import Batch
from serai.batches.uploads import Uploads, unwritten
from serai.jobs.kinds import JobContext
from serai.storage.database import Database
from serai.types import Principal

AT_ONCE = 2
"""So few, that those who wait in front of a screen are answered too."""

KIND = "batch"


class Answered(NamedTuple):
    """An answer to one line, as HTTP would have it. `retry_after` asks to try again after so many seconds."""

    status: int
    body: dict[str, Any]
    retry_after: float | None = None


Answerer = Callable[[str, dict[str, Any], Principal], Awaitable[Answered]]
"""Answers the body of a request to an endpoint, for a principal, and leaves the body as it is. Raises nothing but
cancellation."""


class BatchJob:
    """`answer` comes from the room above, which knows the dialect; until it is there, a job waits."""

    kind = KIND

    def __init__(self, db: Database, uploads: Uploads) -> None:
        self._db = db
        self._uploads = uploads
        self._answer: Answerer | None = None
        self._known = asyncio.Event()

    def use(self, answer: Answerer) -> None:
        """Who answers. Called once, before the jobs begin."""
        self._answer = answer
        self._known.set()

    async def run(self, job: JobContext) -> dict[str, Any]:
        batch = await self._db.read(lambda connection: rows.find(connection, job.args["batch"]))
        try:
            if batch.state == "validating":
                batch = await self._validate(batch)
            if not batch.ended:
                await self._all(job, batch)
                batch = await self.end(batch.id, "completed")
        except asyncio.CancelledError:
            if job.stopping == "cancelled":
                await self.end(batch.id, "cancelled")
            raise
        except OSError as error:
            raise unwritten(error) from error
        return {"batch": batch.id, "state": batch.state, **batch.counts}

    async def end(self, batch: str, state: str) -> Batch:
        """Makes files of what was answered, and ends it. May be done twice, or again after a kill."""
        found = await self._db.read(lambda connection: rows.find(connection, batch))
        if found.ended:
            return found
        kept: dict[str, Any] = {}
        for name, upload in (("output", found.output), ("errors", found.errors)):
            kept[name] = upload if upload and await self._keep(found, name, upload) else None
        return await self._db.write(lambda connection: rows.change(connection, batch, state, **kept))

    async def _validate(self, batch: Batch) -> Batch:
        path = self._uploads.path(batch.input)
        count, wrong = await asyncio.to_thread(lines.problems, path, batch.endpoint)
        counts = {"total": count, "completed": 0, "failed": 0}
        state = "failed" if wrong else "in_progress"
        return await self._db.write(
            lambda connection: rows.change(connection, batch.id, state, counts=counts, problems=wrong)
        )

    async def _all(self, job: JobContext, batch: Batch) -> None:
        assert batch.output and batch.errors
        names = (batch.output, batch.errors)
        good, bad = [await asyncio.to_thread(Answers, self._uploads.path(name)) for name in names]
        with contextlib.closing(good), contextlib.closing(bad):
            work = _Work(batch, good, bad, partial(self._told, job, batch.id))
            await work.tell()
            await work.run(self._uploads.path(batch.input), await self._answerer())
        await self._db.write(lambda connection: rows.change(connection, batch.id, "finalizing"))

    async def _answerer(self) -> Answerer:
        """Waits for it: commands run jobs too, for as long as they last, and answer no requests."""
        await self._known.wait()
        assert self._answer is not None
        return self._answer

    async def _told(self, job: JobContext, batch: str, counts: dict[str, int]) -> None:
        job.progress(done=counts["completed"] + counts["failed"], total=counts["total"])
        await self._db.write(lambda connection: rows.change(connection, batch, counts=counts))
        await job.save(counts)

    async def _keep(self, batch: Batch, name: str, upload: str) -> bool:
        """Whether there is anything in the file, which then gets its row."""
        path = self._uploads.path(upload)
        size = await asyncio.to_thread(lambda: path.stat().st_size if path.exists() else 0)
        if not size:
            await asyncio.to_thread(path.unlink, missing_ok=True)
            return False
        known = {one.id for one in await self._uploads.list(batch.principal, "batch_output")}
        if upload not in known:
            await self._uploads.add(batch.principal, upload, f"{batch.id}_{name}.jsonl", "batch_output")
        return True


class _Work:
    """The lines of one batch that are still to be answered, and the files that the answers go to."""

    def __init__(
        self, batch: Batch, good: Answers, bad: Answers, told: Callable[[dict[str, int]], Awaitable[None]]
    ) -> None:
        self._batch = batch
        self._good = good
        self._bad = bad
        self._told = told
        self._who = Principal(batch.principal, batch.principal, frozenset({"infer"}))

    async def tell(self) -> None:
        total = self._batch.counts["total"]
        await self._told({"total": total, "completed": len(self._good.done), "failed": len(self._bad.done)})

    async def run(self, path: Path, answer: Answerer) -> None:
        """Answers all that is not answered yet. The first fault ends it, and is raised."""
        done = self._good.done | self._bad.done
        with contextlib.closing(lines.read(path)) as asked:
            left = (lines.parse(number, data) for number, data in asked if number not in done)
            tasks = [asyncio.create_task(self._go_on(left, answer)) for _ in range(AT_ONCE)]
            try:
                await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _go_on(self, left: Iterator[Line], answer: Answerer) -> None:
        for line in left:
            body = _private(line.body) if self._batch.private else line.body
            found = await answer(self._batch.endpoint, body, self._who)
            while found.retry_after is not None:
                await asyncio.sleep(found.retry_after)
                found = await answer(self._batch.endpoint, body, self._who)
            said = {"status_code": found.status, "request_id": f"{self._batch.id}_{line.number}", "body": found.body}
            (self._good if found.status < 400 else self._bad).add(self._batch.id, line, said)
            await self.tell()


def _private(body: dict[str, Any]) -> dict[str, Any]:
    """The request with the wish that it stays here; what is no object is refused where it is read."""
    said = {} if body.get("serai") is None else body["serai"]
    return {**body, "serai": {**said, "private": True} if isinstance(said, dict) else said}
