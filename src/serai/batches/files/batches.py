"""Batches over files as their askers see them: begun, listed, steered, fetched."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from serai.batches.files import asking, parquet_process, sheet, sources
from serai.batches.files.answers import Numbers
from serai.batches.files.asking import Asking
from serai.batches.files.job import KIND, Asked, FileBatchJob, FindPrincipal
from serai.batches.files.rows import Rows
from serai.batches.files.work import Run
from serai.batches.uploads import Uploads
from serai.errors import BadRequest, Conflict, NotFound, WrongTask
from serai.jobs.rows import Job
from serai.jobs.runner import Jobs
from serai.settings import Batches as BatchSettings
from serai.tasks.families import family_of
from serai.types import AUTO, CHAT, Model, Principal, new_id

Resolve = Callable[[str, str, Principal], Awaitable[Model]]
Action = Literal["pause", "resume", "cancel"]
_NEWEST = 1000


class FileBatches:
    """A batch of another principal is NotFound. Servers run its jobs, and whoever begins one or resumes it."""

    def __init__(
        self,
        folder: Path,
        uploads: Uploads,
        jobs: Jobs,
        cache: Path,
        *,
        run: Run,
        resolve: Resolve,
        principal: FindPrincipal,
        settings: Callable[[], BatchSettings],
    ) -> None:
        self.job = FileBatchJob(folder, uploads, cache, run, principal)
        self._folder = folder
        self._uploads = uploads
        self._jobs = jobs
        self._cache = cache
        self._resolve = resolve
        self._settings = settings

    async def create(
        self,
        who: Principal,
        *,
        file: str = "",
        data_set: str = "",
        files: str = "",
        model: str,
        task: str = "",
        column: str = "",
        template: str = "",
        settings: Mapping[str, Any] | None = None,
        cache: bool | None = None,
        private: bool = False,
        at_once: int = 0,
        limit: int = 0,
        format: str = "jsonl",  # noqa: A002 - the field's own word
        mark: str = "",
    ) -> Job:
        """Begins to answer every row of an upload, or of a data set's files. Raises NotFound, BadRequest where the
        first row says that it cannot go well, and what says that no model can do it."""
        model, task = await self._meant(who, model, task)
        family = asking.family(task)
        plan = Asking(
            model=model,
            task=task,
            column=column,
            template=template,
            settings=family.check_settings(settings or {}),
            cache=cache,
            private=private,
        )
        if format == "parquet":
            parquet_process.check()
        source = await self._source(who, file, data_set, files)
        asked = Asked(
            principal=who.id,
            asking=asdict(plan),
            output=new_id("file"),
            format=format,
            at_once=at_once or self._settings().at_once,
            limit=limit,
            mark=mark,
            **source,
        )
        await self._try(asked, plan, who)
        self._jobs.learn(self.job)
        return await self._jobs.submit(KIND, asked.as_dict(), asked.title, who, priority=-1)

    async def get(self, principal: str, batch: str) -> Job:
        """Raises NotFound."""
        job = await self._jobs.get(batch)
        if job["kind"] != KIND or job["principal"] != principal:
            raise NotFound(f"There is no batch {batch[:80]!r}.")
        return job

    async def list(self, principal: str) -> list[Job]:
        """Newest first."""
        return [one for one in await self._jobs.list(_NEWEST) if one["kind"] == KIND and one["principal"] == principal]

    async def act(self, principal: str, batch: str, action: Action) -> Job:
        """Pauses, resumes or cancels it; what was answered is kept until its job is taken off the list. Raises
        NotFound, or Conflict."""
        await self.get(principal, batch)
        if action == "resume":
            self._jobs.learn(self.job)
        steps = {"pause": self._jobs.pause, "resume": self._jobs.resume, "cancel": self._jobs.cancel}
        return await steps[action](batch)

    async def output(self, principal: str, batch: str, *, whole: bool = False) -> tuple[Path, str]:
        """Where the answers lie, and what that file is called: all of them, or else as many as there are so far.
        Raises NotFound, or Conflict where there are none yet."""
        job = await self.get(principal, batch)
        asked = Asked(**job["args"])
        if job["state"] == "done":
            made = await self._uploads.get(principal, asked.output)
            return self._uploads.path(made.id), made.filename
        growing = self.job.growing(batch)
        if whole or not growing.exists():
            what = "Not all" if whole else "Nothing"
            raise Conflict(f"{what} of this batch is answered yet; it is {job['state']}.", state=job["state"])
        return growing, f"{asked.title}.so-far.jsonl"

    async def tidy(self) -> None:
        """What grew for a job that is on no list any more goes."""
        for folder in await asyncio.to_thread(self._growing):
            try:
                await self._jobs.get(folder.name)
            except NotFound:
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def _growing(self) -> Sequence[Path]:
        return list(self._folder.iterdir()) if self._folder.is_dir() else []

    async def _meant(self, who: Principal, model: str, task: str) -> tuple[str, str]:
        """The model, which stays the same for all rows, and what it is asked: a chat, or else what it was made for."""
        try:
            found = await self._resolve(model, task or CHAT, who)
        except WrongTask as error:
            made_for = family_of(str(error.facts.get("model_task") or ""))
            if task or made_for is None:
                raise
            task = made_for.calls[0]
            found = await self._resolve(model, task, who)
        return (found.name if model in ("", AUTO) else model), task or CHAT

    async def _source(self, who: Principal, file: str, data_set: str, files: str) -> dict[str, Any]:
        if bool(file) == bool(data_set):
            raise BadRequest("Name either a file that was sent, or a data set.", param="file")
        if data_set:
            commit, there = await asyncio.to_thread(sources.data_set, self._cache, data_set, files)
            return {"data_set": data_set, "commit": commit, "files": there, "title": data_set.rpartition("/")[2]}
        found = await self._uploads.get(who.id, file)
        return {"file": file, "kind": sheet.kind_of(found.filename), "title": found.filename.rpartition(".")[0]}

    async def _try(self, asked: Asked, plan: Asking, who: Principal) -> None:
        """What is wrong with all rows shows in the first."""
        rows = Rows(await self.job.files(asked), Numbers(), 1)
        try:
            first = await rows.next()
        finally:
            await rows.close()
        if first is None:
            raise BadRequest("The file has no rows.")
        if not first.fault:
            plan.call(first, who)
