"""Fetches one file into the cache, whatever happens to the connection meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from serai.errors import Busy, SeraiError
from serai.hub.cache import Repo
from serai.hub.faults import Damaged, HubUnreachable
from serai.hub.fetch.answers import IgnoresRanges, check, longer
from serai.hub.fetch.digest import Digest, matches
from serai.hub.fetch.limits import Limits
from serai.hub.fetch.lock import locked
from serai.hub.fetch.partial import Partial
from serai.hub.fetch.tally import CHECKING, Listener
from serai.hub.fetch.writing import Writing
from serai.hub.remote import Hub, RemoteFile, Repository, unread

_CHUNK = 1 << 18
_HASH = 8 << 20
_TRIES = 12
_SYNCS = 8
_LONGEST_PAUSE_S = 30.0

Passing = (aiohttp.ClientError, TimeoutError, ConnectionError, HubUnreachable, Busy)
"""What may be over at the next try."""


class GivesWay(Exception):
    """A download of a higher priority waits for this connection; the piece is gone on with later."""


class Fetcher:
    """Files come in pieces over several connections. Each byte is asked for once, whatever breaks; where the server
    ignores ranges, the file is read from its start and only what is missing is taken."""

    def __init__(
        self, hub: Hub, limits: Limits, *, pause: Callable[[int], float] = lambda n: 2.0**n, tries: int = _TRIES
    ) -> None:
        """`pause` is how long to wait after so many tries in a row that brought nothing."""
        self._hub = hub
        self._limits = limits
        self._pause = pause
        self._tries = tries
        self._writing = Writing()
        self._syncing = ThreadPoolExecutor(_SYNCS, thread_name_prefix="serai-sync")

    async def fetch(
        self, repository: Repository, file: RemoteFile, repo: Repo, tally: Listener, is_known: Callable[[Path], bool]
    ) -> None:
        """Returns when the blob is whole and its digest is the hub's. `is_known` says of a file that it was verified
        before. Raises Damaged, HubUnreachable, what `Hub` raises, and OSError of the disk."""
        blob = repo.blob(file.etag)
        await asyncio.to_thread(repo.prepare, file.etag)
        async with locked(repo.lock(file.etag), lambda: tally.note("another download fetches the same file")):
            if await self._is_here(blob, file, tally, is_known):
                tally.found(file, file.size)
                return
            for last in (False, True):
                if await self._arrives(repository, file, repo, tally):
                    return
                if last:
                    raise Damaged(
                        f"{file.path} arrived damaged twice: its {_kind(file)} is not the hub's.",
                        hint="Try it again later, or over another network or mirror.",
                    )

    async def _is_here(self, blob: Path, file: RemoteFile, tally: Listener, is_known: Callable[[Path], bool]) -> bool:
        """Whether the blob is whole; one that is not what its name says is fetched anew."""
        if not blob.is_file():
            return False
        if is_known(blob):
            return True
        tally.note(CHECKING)
        return await asyncio.to_thread(matches, blob, file.etag, file.size)

    async def _arrives(self, repository: Repository, file: RemoteFile, repo: Repo, tally: Listener) -> bool:
        """Whether what arrived is what the hub has; if not, it is thrown away."""
        with await asyncio.to_thread(Partial, repo.partial(file.etag), file.size) as part:
            tally.arriving(part)
            if part.have:
                tally.found(file, part.have)
            digest = Digest(file.etag, file.size)
            at = _Arriving(repository, file, part, tally, asyncio.Event())
            await _together(self._pieces(at), _hash(part, digest, at.moved))
            if digest.matches():  # writing to the disk takes long: it holds up no other file
                await asyncio.get_running_loop().run_in_executor(self._syncing, part.finish, repo.blob(file.etag))
                return True
            await asyncio.to_thread(part.discard)
            tally.advance(file, -file.size, "arrived damaged, fetching it again")
            return False

    async def _pieces(self, at: _Arriving) -> None:
        async def worker() -> None:
            while waiting:
                number = waiting.popleft()
                await self._again(partial(at.part.next, number), partial(self._piece, at, number), at.tally)

        waiting = deque(at.part.unfinished())
        try:
            await _together(*(worker() for _ in range(min(len(waiting), self._limits.connections()))))
        except IgnoresRanges:
            await self._again(lambda: at.part.have, lambda: self._whole(at), at.tally)
        at.moved.set()

    async def _again(
        self, have: Callable[[], int], work: Callable[[], Coroutine[Any, Any, bool]], tally: Listener
    ) -> None:
        """Does it until it says that it is done; what breaks is taken up again where it broke."""
        tries = 0
        while True:
            before, reason = have(), None
            try:
                async with self._limits.connection(lambda: tally.priority):
                    if await work():
                        return
            except GivesWay:
                continue
            except Passing as error:
                if not _passes(error):
                    raise
                reason = error
            tries = 1 if have() > before else tries + 1
            if tries > self._tries:
                raise _given_up(reason) from reason
            tally.note("the hub asks to slow down" if isinstance(reason, Busy) else "connection lost, trying again")
            pause = min(self._pause(tries), _LONGEST_PAUSE_S)
            await asyncio.sleep(max(pause, reason.retry_after) if isinstance(reason, Busy) else pause)

    async def _piece(self, at: _Arriving, number: int) -> bool:
        """Whether the piece is whole now."""
        part = at.part
        begin, end = part.next(number), part.end(number)
        if begin == end:
            return True
        async with self._hub.open(at.repository, at.file, begin, end) as response:
            check(response, at.file, begin, end)
            try:
                async for chunk in response.content.iter_chunked(self._limits.chunk(_CHUNK)):
                    if part.next(number) + len(chunk) > end:
                        raise longer(at.file)
                    await self._writing.do(partial(part.write, number, chunk))
                    at.took(len(chunk))
                    await self._limits.spend(len(chunk))
                    if self._limits.outranked(at.tally.priority):
                        raise GivesWay
            except (aiohttp.ClientError, TimeoutError, ConnectionError, asyncio.CancelledError, GivesWay):
                with contextlib.suppress(OSError):  # what has come by now is not asked for again
                    rest = unread(response)[: end - part.next(number)]
                    part.write(number, rest)
                    at.took(len(rest))
                raise
        return part.next(number) == end

    async def _whole(self, at: _Arriving) -> bool:
        position = 0
        async with self._hub.open(at.repository, at.file) as response:
            async for chunk in response.content.iter_chunked(self._limits.chunk(_CHUNK)):
                if position + len(chunk) > at.file.size:
                    raise longer(at.file)
                at.tally.advance(at.file, await asyncio.to_thread(at.part.place, position, chunk))
                position += len(chunk)
                await self._limits.spend(len(chunk))
        return not at.part.unfinished()


@dataclass(frozen=True, slots=True)
class _Arriving:
    """A file on its way; `moved` is set when more of it is here."""

    repository: Repository
    file: RemoteFile
    part: Partial
    tally: Listener
    moved: asyncio.Event

    def took(self, count: int) -> None:
        """Tells that so many bytes more are on the disk."""
        self.tally.advance(self.file, count)
        self.moved.set()


def _passes(error: BaseException) -> bool:
    """Whether it may be over at the next try: not what a setting or the request itself is to blame for."""
    if not isinstance(error, HubUnreachable):
        return True
    answered = int(error.facts.get("answered", 0))
    return error.who != "you" and (not 400 <= answered < 500 or answered in {408, 425})


def _given_up(reason: BaseException | None) -> SeraiError:
    if isinstance(reason, Busy):
        return reason
    why = f" ({reason.message.rstrip('.')})" if isinstance(reason, SeraiError) else ""
    hint = "What has arrived is kept: resume the download later."
    return HubUnreachable(f"The connection to the hub broke again and again{why}.", hint=hint)


def _kind(file: RemoteFile) -> str:
    return "SHA-256" if file.sha256 else "Git SHA-1"


async def _hash(part: Partial, digest: Digest, moved: asyncio.Event) -> None:
    """Follows what has arrived, so that the digest is known when the last byte is."""
    with part.path.open("rb", buffering=0) as file:
        while digest.read < part.size:
            end = part.frontier()
            if end - digest.read >= _HASH or end == part.size:
                await asyncio.to_thread(digest.advance, file, end)
            else:
                moved.clear()
                await moved.wait()


async def _together(*works: Coroutine[Any, Any, None]) -> None:
    """All of them; the first error ends the others and is raised as it is."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
