"""The mirror: files from the cache, and what is not there from the hub, once for all who ask."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from serai.errors import Conflict
from serai.hub import faults
from serai.hub.cache import Repo
from serai.hub.fetch.fetcher import Fetcher
from serai.hub.fetch.limits import Limits
from serai.hub.fetch.partial import arrived, sync_folder
from serai.hub.mirror.arrival import Arrival
from serai.hub.mirror.asked import Place
from serai.hub.mirror.content import Content
from serai.hub.mirror.kept import Kept
from serai.hub.mirror.listing import Listing
from serai.hub.mirror.listings import Listings
from serai.hub.remote import Hub, RemoteFile

MakeRoom = Callable[[int], Awaitable[object]]

_TRIES = 4
_SPARE = 256 << 20
_SMALL = 1 << 20
"""Files up to this size are given out when they are whole, so that what is wrong with them has a status."""

_SPOILT_S = 600.0


class Mirror:
    """`public` is the hub without a token, `own` with this Serai's. `make_room` keeps to the quota."""

    def __init__(
        self,
        public: Hub,
        own: Hub,
        cache: Path,
        folder: Path,
        kept: Kept,
        *,
        limits: Limits | None = None,
        make_room: MakeRoom | None = None,
        pause: Callable[[int], float] = lambda n: 0.5 * 2.0**n,
        fresh_s: float = 60.0,
    ) -> None:
        """`folder` is for what is known of repositories; `pause` and `fresh_s` as in Fetcher and Listings."""
        self.listings = Listings(public, own, cache, folder, fresh_s)
        self._hubs = {False: public, True: own}
        shared = limits or Limits()
        self._fetchers = {key: Fetcher(hub, shared, pause=pause, tries=_TRIES) for key, hub in self._hubs.items()}
        self._cache = cache
        self._kept = kept
        self._make_room = make_room
        self._arrivals: dict[Path, tuple[Place, Arrival]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._spoilt: dict[Path, float] = {}

    def active(self) -> list[Place]:
        """Of what files are arriving."""
        return [place for place, _ in self._arrivals.values()]

    def check_via(self, via: str) -> None:
        """Raises Conflict where the mirror's hub is the mirror itself."""
        if any(hub.id in via for hub in self._hubs.values()):
            raise Conflict(
                "This Serai is set to be its own hub, so it asks itself.",
                hint="Start it without HF_ENDPOINT, or set hub.endpoint to the real hub.",
            )

    async def content(self, listing: Listing, path: str, revision: str) -> Content:
        """A file, from disk or as it arrives: one download for all who wait, which goes on when they go away. Raises
        NotFound, and what keeps the first byte from coming."""
        file = listing.file(path)
        repo = Repo(self._cache, listing.place.name, listing.place.kind)
        blob = repo.blob(file.etag)
        await asyncio.to_thread(self._kept.touch, listing.place)
        if await asyncio.to_thread(self._is_here, blob, file):
            return Content(file, blob, ranges=not self._is_spoilt(blob))
        if blob not in self._arrivals:
            arrival = Arrival(file)
            self._arrivals[blob] = (listing.place, arrival)
            task = asyncio.ensure_future(self._fetch(listing, file, repo, arrival, revision))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        arrival = self._arrivals[blob][1]
        await (arrival.settled() if file.size <= _SMALL else arrival.beyond(0))
        return Content(file, blob, arrival, ranges=not self._is_spoilt(blob))

    async def close(self) -> None:
        """Ends what is arriving; what has arrived is kept for the next time."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _fetch(self, listing: Listing, file: RemoteFile, repo: Repo, arrival: Arrival, revision: str) -> None:
        blob, secret = repo.blob(file.etag), listing.private or listing.gated
        error: BaseException | None = None
        try:
            async with self._hubs[secret].held():
                await self._room(repo, file)
                fetcher = self._fetchers[secret]
                await fetcher.fetch(listing.repository, file, repo, arrival, lambda path: self._is_here(path, file))
            await asyncio.to_thread(self._name, listing, file, repo, revision)
        except OSError as failed:
            free = shutil.disk_usage(repo.root).free if repo.root.exists() else 0
            error = faults.of_disk(failed, self._cache, file.size, free) or failed
        except BaseException as failed:
            error = failed
        if arrival.turn > 1:
            self._spoilt[blob] = time.monotonic()
        del self._arrivals[blob]
        arrival.end(error)

    async def _room(self, repo: Repo, file: RemoteFile) -> None:
        """Raises QuotaFull or DiskFull."""
        missing = file.size - await asyncio.to_thread(arrived, repo.partial(file.etag), file.size)
        if self._make_room is not None:
            await self._make_room(missing)
        await asyncio.to_thread(repo.prepare, file.etag)
        free = (await asyncio.to_thread(shutil.disk_usage, repo.root)).free
        if free < missing + _SPARE:
            raise faults.too_full(missing + _SPARE, free)

    def _name(self, listing: Listing, file: RemoteFile, repo: Repo, revision: str) -> None:
        """From here on other tools find it, too."""
        sync_folder(repo.blobs)
        commit = listing.repository.commit
        repo.link(commit, file.path, file.etag)
        if revision != commit:
            repo.point(revision, commit)
        self._kept.add(listing.place, commit, file.path, file.etag, file.size)

    def _is_here(self, blob: Path, file: RemoteFile) -> bool:
        """Raises StoreUnusable for a link that leads out of the cache."""
        if not blob.is_file():
            return False
        if not blob.resolve().is_relative_to(self._cache.resolve()):
            raise faults.leads_out(blob)
        return blob.stat().st_size == file.size

    def _is_spoilt(self, blob: Path) -> bool:
        """Whether a client may hold damaged bytes of it: one that goes on where it was cut must begin anew, so that
        for a while ranges of this file are not served."""
        turn = self._arrivals[blob][1].turn if blob in self._arrivals else 0
        return turn > 1 or time.monotonic() - self._spoilt.get(blob, -_SPOILT_S) < _SPOILT_S
