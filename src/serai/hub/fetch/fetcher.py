"""Fetches one file into the cache, whatever happens to the connection meanwhile."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from serai.errors import Busy, SeraiError
from serai.hub.cache import Repo
from serai.hub.faults import Damaged, HubUnreachable
from serai.hub.fetch.digest import Digest, matches
from serai.hub.fetch.limits import Limits
from serai.hub.fetch.lock import locked
from serai.hub.fetch.partial import Partial
from serai.hub.fetch.tally import CHECKING, Listener
from serai.hub.remote import Hub, RemoteFile, Repository

_CHUNK = 1 << 19
_HASH = 8 << 20
_TRIES = 12
_SMALL = 1 << 16
_SYNCS = 8
_LONGEST_PAUSE_S = 30.0

Passing = (aiohttp.ClientError, TimeoutError, ConnectionError, HubUnreachable, Busy)
"""What may be over at the next try."""


class IgnoresRanges(Exception):
    """The server sends the whole file whatever is asked."""


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
                tally.advance(file, file.size)
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
            tally.advance(file, part.have, CHECKING if part.have else None)
            digest = Digest(file.etag, file.size)
            moved = asyncio.Event()
            await _together(self._pieces(repository, file, part, tally, moved), _hash(part, digest, moved))
            if digest.matches():  # writing to the disk takes long: it holds up no other file
                await asyncio.get_running_loop().run_in_executor(self._syncing, part.finish, repo.blob(file.etag))
                return True
            await asyncio.to_thread(part.discard)
            tally.advance(file, -file.size, "arrived damaged, fetching it again")
            return False

    async def _pieces(
        self, repository: Repository, file: RemoteFile, part: Partial, tally: Listener, moved: asyncio.Event
    ) -> None:
        async def keep(number: int, chunk: bytes) -> None:
            if len(chunk) <= _SMALL:  # at once: what waits for a thread is lost if we are killed
                part.write(number, chunk)
            else:  # as chunks grow when the disk is slow, that never holds up the loop
                await asyncio.to_thread(part.write, number, chunk)
            tally.advance(file, len(chunk))
            moved.set()
            await self._limits.spend(len(chunk))
            if self._limits.outranked(tally.priority):
                raise GivesWay

        async def worker() -> None:
            while waiting:
                number = waiting.popleft()
                work = partial(self._piece, repository, file, part, number, keep)
                await self._again(partial(part.next, number), work, tally)

        waiting = deque(part.unfinished())
        try:
            await _together(*(worker() for _ in range(min(len(waiting), self._limits.connections()))))
        except IgnoresRanges:
            await self._again(lambda: part.have, lambda: self._whole(repository, file, part, tally), tally)
        moved.set()

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
                tries = 0
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

    async def _piece(
        self,
        repository: Repository,
        file: RemoteFile,
        part: Partial,
        number: int,
        keep: Callable[[int, bytes], Coroutine[Any, Any, None]],
    ) -> bool:
        """Whether the piece is whole now."""
        begin, end = part.next(number), part.end(number)
        if begin == end:
            return True
        async with self._hub.open(repository, file, begin, end) as response:
            _check(response, file, begin, end)
            async for chunk in response.content.iter_chunked(self._limits.chunk(_CHUNK)):
                if part.next(number) + len(chunk) > end:
                    raise Damaged(f"{file.path} is longer than the hub says.", hint="Start it again.")
                await keep(number, chunk)
        return part.next(number) == end

    async def _whole(self, repository: Repository, file: RemoteFile, part: Partial, tally: Listener) -> bool:
        position = 0
        async with self._hub.open(repository, file) as response:
            async for chunk in response.content.iter_chunked(self._limits.chunk(_CHUNK)):
                if position + len(chunk) > file.size:
                    raise Damaged(f"{file.path} is longer than the hub says.", hint="Start it again.")
                tally.advance(file, await asyncio.to_thread(part.place, position, chunk))
                position += len(chunk)
                await self._limits.spend(len(chunk))
        return not part.unfinished()


def _check(response: aiohttp.ClientResponse, file: RemoteFile, begin: int, end: int) -> None:
    """Whether the answer is what was asked for. Raises IgnoresRanges or Damaged."""
    if response.status == 200 and (begin or end < file.size):
        raise IgnoresRanges
    if response.status == 206:
        span, _, whole = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
        if whole.isdigit() and int(whole) != file.size:
            raise _other_length(file, int(whole))
        if not span.startswith(f"{begin}-"):
            raise IgnoresRanges
    elif response.content_length not in {None, file.size}:
        raise _other_length(file, response.content_length or 0)


def _other_length(file: RemoteFile, length: int) -> Damaged:
    return Damaged(
        f"{file.path} has {file.size:,} bytes by the hub's list, and {length:,} by its server.",
        hint="A mirror may be out of date: start it again later, or change hub.endpoint.",
    )


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
