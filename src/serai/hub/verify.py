"""Reads models' files again and compares them with their digests; what is damaged is fetched alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from serai.errors import BadRequest
from serai.hub import faults
from serai.hub.cache import Repo
from serai.hub.fetch.digest import Digest
from serai.hub.fetch.fetcher import Fetcher
from serai.hub.fetch.tally import Tally
from serai.hub.names import is_digest
from serai.hub.records import File, Records, Source, State, changed_at
from serai.hub.remote import Hub, RemoteFile, Repository
from serai.hub.store import Store
from serai.jobs.kinds import JobContext

_STEP = 32 << 20


class Verify:
    """The job kind `verify`; its arguments are `model`, or nothing for all of them, and `repair`."""

    kind = "verify"

    def __init__(self, hub: Hub, store: Store, records: Records, cache: Path, fetcher: Fetcher) -> None:
        self._hub = hub
        self._store = store
        self._records = records
        self._cache = cache
        self._fetcher = fetcher

    async def run(self, job: JobContext) -> dict[str, Any]:
        """Which files are whole, damaged, missing, repaired, or cannot be told because nobody gave a digest. Raises
        NotFound, and when it repairs what a download raises."""
        name = job.args.get("model")
        if name:
            name = (await self._store.find(name)).name
        its_files = await self._records.files(name)
        tally = Tally(job, sum(file.size for file in its_files), len(its_files))
        bad, untold = [], []
        for file in its_files:
            state = await self._check(file, tally)
            if state in {"damaged", "missing"}:
                bad.append((file, state))
            elif state == "unverified":
                untold.append(file.name)
        said: dict[str, Any] = {"checked": len(its_files), "untold": untold, "repaired": []}
        said |= {kind: [_title(file) for file, state in bad if state == kind] for kind in ("damaged", "missing")}
        if job.args.get("repair") and bad:
            said["repaired"] = await self._repair([file for file, _ in bad], job)
        return said

    async def _check(self, file: File, tally: Tally) -> State:
        remote = _remote(file)
        tally.begin(remote)
        state = await _state(file, remote, tally)
        tally.end(remote)
        if state != "unverified":
            await self._records.found(file.model, file.name, state, await asyncio.to_thread(changed_at, file.path))
        return state

    async def _repair(self, bad: Sequence[File], job: JobContext) -> list[str]:
        """Fetches these files alone, at the commit that the model has."""
        sources = await self._records.sources()
        tally = Tally(job, sum(file.size for file in bad), len(bad))
        repaired = []
        async with self._hub.held():
            for file in bad:
                await self._fetch(file, sources.get(file.model), tally)
                repaired.append(_title(file))
        return repaired

    async def _fetch(self, file: File, source: Source | None, tally: Tally) -> None:
        if source is None or not source.repo or not source.commit or not file.etag:
            hint = "Fetch it again with the program that brought it, or pull the model from the hub."
            raise BadRequest(f"Serai did not download {_title(file)}, so it cannot repair it.", hint=hint)
        remote, repo = _remote(file), Repo(self._cache, source.repo)
        tally.begin(remote)
        try:
            repository = Repository(source.repo, source.commit, (remote,))
            await self._fetcher.fetch(repository, remote, repo, tally, lambda _path: False)
            link = await asyncio.to_thread(repo.link, source.commit, file.name, file.etag)
        except OSError as error:
            raise faults.of_disk(error, self._cache, file.size, 0) or error from error
        finally:
            tally.end(remote)
        await self._records.found(file.model, file.name, "verified", link.stat().st_mtime_ns)


async def _state(file: File, remote: RemoteFile, tally: Tally) -> State:
    path = Path(file.path)
    if not await asyncio.to_thread(path.is_file):
        tally.advance(remote, file.size)
        return "missing"
    if not is_digest(file.etag):
        tally.advance(remote, file.size)
        return "unverified"
    digest = Digest(remote.etag, file.size)
    try:
        with await asyncio.to_thread(path.open, "rb") as stream:
            while digest.read < file.size:
                before = digest.read
                await asyncio.to_thread(digest.advance, stream, min(file.size, before + _STEP))
                tally.advance(remote, digest.read - before)
            longer = bool(stream.read(1))
    except OSError:
        return "damaged"
    return "verified" if digest.matches() and not longer else "damaged"


def _remote(file: File) -> RemoteFile:
    etag = file.etag or ""
    sha256, oid = (etag, None) if len(etag) == 64 else (None, etag or None)
    return RemoteFile(file.name, file.size, sha256, oid)


def _title(file: File) -> str:
    return f"{file.model}: {file.name}"
