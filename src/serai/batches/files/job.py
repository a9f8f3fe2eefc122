"""The job over a file: from its rows to the file of their answers, whatever kills it in between."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from serai.batches.files import answers, parquet_process, sheet, sources
from serai.batches.files.answers import Answers, Summed
from serai.batches.files.asking import Asking
from serai.batches.files.rows import Rows
from serai.batches.files.sheet import Kind
from serai.batches.files.work import Run, Work
from serai.batches.uploads import Uploads
from serai.errors import NotFound, SeraiError, StorageFailed, Unauthenticated
from serai.jobs.kinds import JobContext
from serai.types import Principal

KIND = "batch-file"
PURPOSE = "batch_output"
ALL = 1 << 60
_ANSWERS = "answers.jsonl"

FindPrincipal = Callable[[str], Awaitable[Principal | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A job's arguments. Rows come from the upload `file`, or from `files` of a commit of a data set; `output` is the
    upload that their answers become, `mark` its asker's own."""

    principal: str
    asking: Mapping[str, Any]
    title: str
    output: str
    format: str = "jsonl"
    file: str = ""
    kind: str = ""
    data_set: str = ""
    commit: str = ""
    files: list[str] = field(default_factory=list)
    at_once: int = 2
    limit: int = 0
    mark: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class FileBatchJob:
    """`folder` holds what is growing, by job; `cache` is the store of data sets."""

    kind = KIND

    def __init__(self, folder: Path, uploads: Uploads, cache: Path, run: Run, principal: FindPrincipal) -> None:
        self._folder = folder
        self._uploads = uploads
        self._cache = cache
        self._run = run
        self._principal = principal

    def growing(self, job: str) -> Path:
        """The answers of a job that has not ended well, as far as it came."""
        return self._folder / job / _ANSWERS

    async def files(self, asked: Asked) -> list[tuple[Path, Kind]]:
        """What is to be read. Raises NotFound where it is gone."""
        if asked.data_set:
            there = (self._cache, asked.data_set, asked.commit, asked.files)
            return await asyncio.to_thread(sources.in_data_set, *there)
        await self._uploads.get(asked.principal, asked.file)
        return [(self._uploads.path(asked.file), asked.kind)]  # type: ignore[list-item]

    async def run(self, job: JobContext) -> dict[str, Any]:
        asked = Asked(**job.args)
        with contextlib.suppress(NotFound):  # all was done when it was killed
            await self._uploads.get(asked.principal, asked.output)
            return {"file": asked.output, **(job.checkpoint or {})}
        try:
            return await self._whole(job, asked)
        except OSError as error:
            raise _unwritten(error) from error

    async def _whole(self, job: JobContext, asked: Asked) -> dict[str, Any]:
        files, most = await self.files(asked), asked.limit or ALL
        known = job.checkpoint or {}
        total = known["total"] if "total" in known else await asyncio.to_thread(sheet.count, files, most)
        path = self.growing(job.id)
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True, mode=0o700)
        kept = await asyncio.to_thread(Answers, path)
        try:
            await self._answer(job, asked, kept, Rows(files, kept.done, most), total)
        finally:
            await asyncio.to_thread(kept.close)
        await job.save({"total": total, **asdict(kept.sum)})
        await self._hand_over(asked, path)
        return {"file": asked.output, "total": total, **asdict(kept.sum)}

    async def _answer(self, job: JobContext, asked: Asked, kept: Answers, rows: Rows, total: int) -> None:
        async def who() -> Principal:
            found = await self._principal(asked.principal)
            if found is None:
                raise Unauthenticated("The API key of this batch is not valid any more.")
            return found

        def tell() -> None:
            job.progress(done=kept.sum.done, total=total, note=_note(kept.sum, total))

        work = Work(
            Asking(**asked.asking),
            kept,
            rows,
            run=self._run,
            who=who,
            tell=tell,
            save=lambda: job.save({"total": total, **asdict(kept.sum)}),
        )
        try:
            tell()
            await work.all(asked.at_once)
        finally:
            await rows.close()

    async def _hand_over(self, asked: Asked, path: Path) -> None:
        """What grew becomes a file of its asker's; it goes only when that is known."""
        whole = path.with_name("whole.jsonl")
        await asyncio.to_thread(answers.in_order, path, whole)
        if asked.format == "parquet":
            table = path.with_name("whole.parquet")
            await asyncio.to_thread(parquet_process.write, whole, table)
            whole = table
        await asyncio.to_thread(_move, whole, self._uploads.path(asked.output))
        await self._uploads.add(asked.principal, asked.output, f"{asked.title}.answers.{asked.format}", PURPOSE)
        await asyncio.to_thread(shutil.rmtree, path.parent, ignore_errors=True)


def _note(sum_: Summed, total: int) -> str:
    failed = f", {sum_.failed:,} failed" if sum_.failed else ""
    return f"{sum_.done:,} of {total:,} rows{failed}"


def _move(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.chmod(0o600)
    path.replace(target)


def _unwritten(error: OSError) -> SeraiError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        hint = "Make room, and resume the job: it goes on where it was."
        return StorageFailed("The disk is full; what was answered is kept.", cause="full", hint=hint)
    return StorageFailed(f"The answers cannot be written: {error.strerror or error}.", cause="unreachable")
