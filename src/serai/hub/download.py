"""Downloads a model into the Hugging Face cache, as a job: resumed after a kill, checked while it streams, and never
visible to anything that loads models before it is whole."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from serai.errors import BadRequest, Busy, Forbidden, NotFound
from serai.hub import faults, names, removal, starter
from serai.hub.cache import Repo
from serai.hub.choose import Choice, choose
from serai.hub.faults import HubUnreachable
from serai.hub.fetch.fetcher import Fetcher
from serai.hub.fetch.limits import Limits
from serai.hub.fetch.lock import is_free
from serai.hub.fetch.partial import arrived, discard, sync_folder
from serai.hub.fetch.tally import Tally
from serai.hub.quota import Quota
from serai.hub.records import File, Records, Source
from serai.hub.remote import Hub, Repository
from serai.hub.store import Store
from serai.jobs.kinds import JobContext
from serai.registry import engine_for
from serai.types import Model, ModelRef

_SPARE = 256 << 20
_ASKS = 5


async def _everything() -> int | None:
    return None


class Download:
    """The job kind `download`; its argument is `model`, a name of the hub such as `org/name:Q4_K_M`.

    `room` is how many bytes of weights this machine can run, `runs` whether it has the engine for a format."""

    kind = "download"

    def __init__(
        self,
        hub: Hub,
        store: Store,
        records: Records,
        cache: Path,
        *,
        limits: Limits | None = None,
        quota: Quota | None = None,
        room: Callable[[], Awaitable[int | None]] = _everything,
        runs: Callable[[str], bool] = lambda _format: True,
        pause: Callable[[int], float] = lambda n: 2.0**n,
    ) -> None:
        self._hub = hub
        self._store = store
        self._records = records
        self._cache = cache
        self._limits = limits or Limits()
        self._quota = quota
        self._room = room
        self._runs = runs
        self._pause = pause
        self._fetcher = Fetcher(hub, self._limits, pause=pause)
        self.active: set[str] = set()
        """The repositories that are being downloaded."""

    async def run(self, job: JobContext) -> dict[str, Any]:
        """Fetches what is missing, links it into the cache's snapshot and adds it to the store."""
        ref = ModelRef.parse(job.args["model"])
        repo = Repo(self._cache, ref.name)
        self.active.add(ref.name)
        try:
            async with self._hub.held():
                job.progress(note="asking the hub")
                repository, choice = await self._choose(job, ref)
                _check(choice, repository)
                try:
                    return await self._run(job, ref, repository, choice, repo)
                except OSError as error:
                    free = _free(self._cache)
                    raise faults.of_disk(error, self._cache, _missing(repo, choice), free) or error from error
                except asyncio.CancelledError:
                    if job.stopping == "cancelled":
                        _drop(repo, choice)
                    raise
        finally:
            self.active.discard(ref.name)

    async def _choose(self, job: JobContext, ref: ModelRef) -> tuple[Repository, Choice]:
        try:
            repository = await self._ask(job, ref)
            return repository, choose(ref, repository.files, await self._room(), self._runs)
        except (BadRequest, NotFound, Forbidden) as error:
            if other := starter.instead(ref.name):
                error.hint = f"{error.hint} In its place, of its kind: serai pull {other}".strip()
            raise

    async def _run(
        self, job: JobContext, ref: ModelRef, repository: Repository, choice: Choice, repo: Repo
    ) -> dict[str, Any]:
        tally = Tally(job, choice.size, len(choice.files))
        await self._make_room(repo, choice)
        await self._fetch(repository, choice, repo, tally)
        links = await asyncio.to_thread(_name, repo, repository, choice, ref.revision or "main")
        model = await self._add(ref, repository, choice, repo, links)
        return {"model": model.name, "size": model.size, "commit": repository.commit}

    async def _ask(self, job: JobContext, ref: ModelRef) -> Repository:
        """What the hub has. A download that goes on stays with the commit that it began with."""
        asked = replace(ref, revision=(job.checkpoint or {}).get("commit") or ref.revision)
        for tries in range(1, _ASKS + 1):
            try:
                repository = await self._hub.repository(asked)
                break
            except (Busy, HubUnreachable) as error:
                if tries == _ASKS or not (isinstance(error, Busy) or int(error.facts.get("answered", 0)) >= 500):
                    raise
                job.progress(note="the hub asks to slow down" if isinstance(error, Busy) else "the hub has trouble")
                await asyncio.sleep(max(self._pause(tries), error.retry_after if isinstance(error, Busy) else 0))
        if job.checkpoint is None:
            await job.save({"commit": repository.commit})
        return repository

    async def _make_room(self, repo: Repo, choice: Choice) -> None:
        """Raises DiskFull or QuotaFull, with the numbers, before anything is fetched."""
        missing = await asyncio.to_thread(_missing, repo, choice)
        if self._quota is not None:
            await self._quota.make_room(missing, self.active)
        free = await asyncio.to_thread(_free, self._cache)
        if missing and free < missing + _SPARE:
            raise faults.too_full(missing + _SPARE, free)

    async def _fetch(self, repository: Repository, choice: Choice, repo: Repo, tally: Tally) -> None:
        """Several files at once; where one fails, the others keep what they have."""
        known = await self._records.known()
        waiting = deque({file.etag: file for file in choice.files}.values())
        if len(waiting) < len(choice.files):  # two names for one content are fetched once
            for file in choice.files:
                if file not in waiting:
                    tally.found(file, file.size)

        tally.expect(waiting)

        async def worker() -> None:
            while waiting:
                file = waiting.popleft()
                tally.begin(file)
                try:
                    await self._fetcher.fetch(repository, file, repo, tally, known)
                except BaseException:
                    tally.put_back(file)
                    raise
                tally.end(file)

        # More files than connections: while some are written to the disk, others use the connections.
        count = min(len(waiting), 2 * self._limits.connections())
        workers = [asyncio.ensure_future(worker()) for _ in range(count)]
        try:
            await asyncio.gather(*workers)
        finally:
            for task in workers:
                task.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _add(
        self, ref: ModelRef, repository: Repository, choice: Choice, repo: Repo, links: Mapping[str, Path]
    ) -> Model:
        """Makes it a model, and takes away the files of the revision that it replaces."""
        named = ModelRef(ref.name, choice.variant or None, ref.revision if ref.revision != "main" else None)
        engine = engine_for(choice.format)
        facts: dict[str, Any] = {"format": choice.format, "engine": engine.name if engine else "", "size": choice.size}
        facts |= {"license": repository.license} if repository.license else {}
        path = links[choice.entry] if choice.entry else repo.snapshot(repository.commit)
        model = await self._store.add(path, str(named), source="hub", **facts)
        if loading := _loading(choice, links):
            await self._store.set_loading(model.name, {**loading, **model.loading})
        before = await self._records.files(model.name)
        files = [_file(model.name, file.path, links[file.path], file.etag) for file in choice.files]
        source = Source(model=model.name, kind="hub", repo=ref.name, commit=repository.commit)
        source = replace(source, revision=ref.revision or "main", newest=repository.commit)
        await self._records.put(source, files)
        keep = {Path(file.path) for file in await self._records.files()}
        await asyncio.to_thread(removal.remove, [Path(file.path) for file in before], keep)
        return await self._store.find(model.name)


def _check(choice: Choice, repository: Repository) -> None:
    """Raises BadRequest or HubUnreachable where these files cannot be told from damaged ones, or from each other."""
    for file in choice.files:
        if not file.etag:
            hint = "Look at hub.endpoint in Settings: a mirror must give the sizes and digests of the files."
            raise HubUnreachable(f"The hub gives no digest for {file.path}, so it could not be checked.", hint=hint)
    if clash := names.collision(file.path for file in choice.files):
        raise BadRequest(
            f"{repository.id} has {clash[0]} and {clash[1]}, which are one name on many disks.",
            hint="Tell its makers; until then choose another repository.",
            who="hub",
        )


def _missing(repo: Repo, choice: Choice) -> int:
    """Bytes that are still to be fetched."""
    return sum(
        0 if repo.blob(file.etag).is_file() else file.size - arrived(repo.partial(file.etag), file.size)
        for file in {file.etag: file for file in choice.files}.values()
    )


def _free(folder: Path) -> int:
    """What is free on the disk on which a folder lies, or will lie."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return shutil.disk_usage(there).free


def _drop(repo: Repo, choice: Choice) -> None:
    """Nothing stays of a download that was given up, unless another one is at it."""
    for file in choice.files:
        if is_free(repo.lock(file.etag)):
            with contextlib.suppress(OSError):
                discard(repo.partial(file.etag))


def _name(repo: Repo, repository: Repository, choice: Choice, revision: str) -> dict[str, Path]:
    """Links the blobs into the snapshot; from here on it can be loaded."""
    sync_folder(repo.blobs)
    links = {file.path: repo.link(repository.commit, file.path, file.etag) for file in choice.files}
    if revision != repository.commit:
        repo.point(revision, repository.commit)
    return links


def _loading(choice: Choice, links: Mapping[str, Path]) -> dict[str, object]:
    """How it must be loaded; a projector that does not lie beside the model is named by its whole path."""
    loading = dict(choice.loading)
    if isinstance(sees := loading.get("projector"), str):
        beside = links[sees].parent == links[choice.entry].parent
        loading["projector"] = links[sees].name if beside else str(links[sees])
    return loading


def _file(model: str, name: str, link: Path, etag: str) -> File:
    facts = link.stat()
    known: dict[str, Any] = {"etag": etag, "size": facts.st_size, "mtime_ns": facts.st_mtime_ns}
    return File(model=model, name=name, path=str(link), state="verified", verified_at=facts.st_mtime, **known)
