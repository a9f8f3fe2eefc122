"""Downloads a model into the Hugging Face cache, as a job: resumed after a kill, checked with SHA-256 while it streams,
and never visible to anything that loads models before it is whole."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import aiohttp
from filelock import AsyncFileLock

from serai.errors import Busy, SeraiError
from serai.hub.choose import choose
from serai.hub.remote import Hub, HubUnreachable, RemoteFile, Repository
from serai.hub.store import Store
from serai.jobs.kinds import JobContext
from serai.types import ModelRef

_CHUNK = 1 << 20
_TRIES = 6
_SPARE = 256 << 20


class DiskFull(SeraiError):
    status = 507
    code = "disk_full"


class Damaged(SeraiError):
    """What arrived is not what the hub says it is."""

    status = 502
    code = "damaged"
    who = "hub"


class Download:
    """The job kind `download`; its argument is `model`, a name of the hub such as `org/name:Q4_K_M`."""

    kind = "download"

    def __init__(
        self, hub: Hub, store: Store, cache: Path, *, pause: Callable[[int], float] = lambda n: 2.0**n
    ) -> None:
        self._hub = hub
        self._store = store
        self._cache = cache
        self._pause = pause

    async def run(self, job: JobContext) -> dict[str, Any]:
        """Fetches what is missing, links it into the cache's snapshot and adds it to the store."""
        ref = ModelRef.parse(job.args["model"])
        job.progress(note="asking the hub")
        repository = await self._hub.repository(ref)
        quant, files = choose(ref, repository.files)
        folder = self._cache / f"models--{ref.name.replace('/', '--')}"
        progress = _Progress(job, sum(file.size for file in files))
        for file in files:
            await self._fetch(repository, file, folder / "blobs", progress)
        links = [_link(folder, repository.commit, file) for file in files]
        _point(folder / "refs" / (ref.revision or "main"), repository.commit)
        model = await self._store.add(
            links[0],
            f"{ref.name}:{quant}",
            source="hub",
            size=sum(file.size for file in files),
            **({"license": repository.license} if repository.license else {}),
        )
        return {"model": model.name, "size": model.size}

    async def _fetch(self, repository: Repository, file: RemoteFile, blobs: Path, progress: _Progress) -> None:
        assert file.sha256 is not None
        blobs.mkdir(parents=True, exist_ok=True)
        blob = blobs / file.sha256
        part = blob.with_suffix(".serai-part")
        async with AsyncFileLock(part.with_suffix(".lock")):
            if blob.exists():
                progress.advance(file.size, fetched=False)
                return
            _check_space(blobs, file.size - (part.stat().st_size if part.exists() else 0))
            try:
                await self._stream(repository, file, part, progress)
            except OSError as error:
                if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                    raise _disk_full(file.size) from error
                raise
            part.replace(blob)
        part.with_suffix(".lock").unlink(missing_ok=True)

    async def _stream(self, repository: Repository, file: RemoteFile, path: Path, progress: _Progress) -> None:
        """Appends to the part until it is whole; every cut connection is taken up again where it broke."""
        with path.open("a+b") as out:
            part = await asyncio.to_thread(_Part, out, file.size)
            progress.advance(part.have, fetched=False)
            tries = 0
            while part.have < file.size:
                before = part.have
                try:
                    await self._pull(repository, file, part, progress)
                except (aiohttp.ClientError, TimeoutError, HubUnreachable, Busy) as error:
                    tries = 1 if part.have > before else tries + 1
                    if tries >= _TRIES:
                        raise HubUnreachable(
                            "The connection to the hub broke again and again.", hint=_RESUME
                        ) from error
                    progress.note("connection lost, trying again")
                    await asyncio.sleep(error.retry_after if isinstance(error, Busy) else self._pause(tries))
            await asyncio.to_thread(os.fsync, out.fileno())
        if part.digest.hexdigest() != file.sha256:
            path.unlink()
            raise Damaged(f"{file.path} arrived damaged: its SHA-256 is not the hub's.", hint="Start it again.")

    async def _pull(self, repository: Repository, file: RemoteFile, part: _Part, progress: _Progress) -> None:
        async with self._hub.open(repository, file, part.have) as response:
            if part.have and response.status != 206:  # the server ignored the offset and begins at the start
                progress.advance(-part.have)
                part.empty()
            async for chunk in response.content.iter_chunked(_CHUNK):
                if part.have + len(chunk) > file.size:
                    raise Damaged(f"{file.path} is longer than the hub says.", hint="Start it again.")
                await asyncio.to_thread(part.append, chunk)
                progress.advance(len(chunk))


class _Part:
    """A file that is arriving, and the digest of what is there; what a former try left is read first."""

    def __init__(self, out: BinaryIO, size: int) -> None:
        self._out = out
        self.digest = hashlib.sha256()
        self.have = 0
        if out.seek(0, 2) > size:
            self.empty()
        out.seek(0)
        while chunk := out.read(8 * _CHUNK):
            self.digest.update(chunk)
            self.have += len(chunk)

    def empty(self) -> None:
        self._out.truncate(0)
        self.digest = hashlib.sha256()
        self.have = 0

    def append(self, chunk: bytes) -> None:
        self._out.write(chunk)
        self._out.flush()
        self.digest.update(chunk)
        self.have += len(chunk)


_RESUME = "What has arrived is kept: resume the download later."


class _Progress:
    """Bytes of all files of one job, told to everyone who looks."""

    def __init__(self, job: JobContext, total: int) -> None:
        self._job = job
        self._done = 0
        self._total = total

    def advance(self, count: int, *, fetched: bool = True) -> None:
        self._done += count
        self._job.progress(done=self._done, total=self._total, note="" if fetched else "checking what is here")

    def note(self, text: str) -> None:
        self._job.progress(done=self._done, total=self._total, note=text)


def _check_space(folder: Path, needed: int) -> None:
    if shutil.disk_usage(folder).free < needed + _SPARE:
        raise _disk_full(needed)


def _disk_full(needed: int) -> DiskFull:
    text = f"The disk is too full: {needed / 1e9:.1f} GB are needed for this download."
    return DiskFull(text, hint="Free some space, then resume; what has arrived is kept.", needed=needed)


def _link(folder: Path, commit: str, file: RemoteFile) -> Path:
    """The file's place in the snapshot: a relative link to its blob, as the Hugging Face cache has it."""
    link = folder / "snapshots" / commit / file.path
    link.parent.mkdir(parents=True, exist_ok=True)
    blob = folder / "blobs" / str(file.sha256)
    link.unlink(missing_ok=True)
    try:
        link.symlink_to(os.path.relpath(blob, link.parent))
    except OSError:  # a file system or a Windows account without links
        shutil.copyfile(blob, link)
    return link


def _point(reference: Path, commit: str) -> None:
    reference.parent.mkdir(parents=True, exist_ok=True)
    partial = reference.with_name(reference.name + ".partial")
    partial.write_text(commit, "utf-8")
    partial.replace(reference)
