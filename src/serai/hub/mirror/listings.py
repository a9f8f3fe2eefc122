"""What is in a repository: asked of the hub, remembered on disk, and told from the cache where neither can say."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from serai.errors import Busy, Forbidden, NotFound
from serai.hub.adopt.huggingface import files_of
from serai.hub.cache import Repo
from serai.hub.faults import HubUnreachable
from serai.hub.mirror.asked import Place, quoted
from serai.hub.mirror.listing import POINTER, Listing, hidden
from serai.hub.names import is_digest
from serai.hub.remote import Hub, RemoteFile, Repository, repository_of

_FRESH_S = 60.0
_PATIENCE_S = 4.0
"""How long the hub has, where there is an answer that will do: clients themselves wait for ten seconds."""

_AWAY_S = 30.0
"""How long a hub that did not answer is not asked again, where there is an answer that will do."""

_REMEMBERED = 64
_Key = tuple[Place, str, bool]


class Listings:
    """`public` is the hub as anybody sees it, `own` as this Serai's token does, which is asked only for those who may
    have private repositories, and only when the public one refuses."""

    def __init__(self, public: Hub, own: Hub, cache: Path, folder: Path, fresh_s: float = _FRESH_S) -> None:
        self._public = public
        self._own = own
        self._cache = cache
        self._folder = folder
        self._fresh_s = fresh_s
        self._away_at = -_AWAY_S
        self._read: dict[Path, tuple[int, Listing]] = {}
        self._asking: dict[_Key, asyncio.Task[Listing]] = {}

    async def get(self, place: Place, revision: str, *, may: bool) -> Listing:
        """A commit is never asked for twice, a branch once a minute; where the hub cannot be reached, what was known
        last holds. Raises what the hub's refusal is, HubUnreachable, and NotFound for what is hidden from this one."""
        known = await asyncio.to_thread(self._known, place, revision)
        if known is None:
            known = await self._together((place, revision, may))
        elif not self._is_fresh(known, revision):
            known = await self._newer(known, (place, revision, may))
        if known.private and not may:
            raise hidden(place)
        return known

    async def refs(self, listing: Listing) -> Any:
        """Its branches and tags as the hub says them; offline those that are here."""
        hub = self._own if listing.private else self._public
        try:
            return await hub.answer(f"{listing.place.kind}/{listing.place.name}/refs", listing.place.name)
        except (HubUnreachable, Busy):
            found = Repo(self._cache, listing.place.name, listing.place.kind).refs()
            found.setdefault("main", listing.repository.commit)
            rows = [{"name": name, "ref": f"refs/heads/{name}", "targetCommit": found[name]} for name in found]
            return {"branches": rows, "tags": [], "converts": [], "pullRequests": []}

    def _is_fresh(self, known: Listing, revision: str) -> bool:
        return known.asked_at > 0 and (is_digest(revision) or time.time() - known.asked_at < self._fresh_s)

    async def _newer(self, known: Listing, key: _Key) -> Listing:
        """What the hub says now, or what was known, where it cannot be reached or takes long."""
        if time.monotonic() - self._away_at > _AWAY_S:
            try:
                return await asyncio.wait_for(self._together(key), _PATIENCE_S)
            except (HubUnreachable, TimeoutError):
                self._away_at = time.monotonic()
            except Busy:
                pass
        return replace(known, saved=True)

    async def _together(self, key: _Key) -> Listing:
        """Those who ask for the same at the same time are one; one who goes away does not end it for the others."""
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.ensure_future(self._ask(*key))
            task.add_done_callback(lambda done: (self._asking.pop(key, None), done.cancelled() or done.exception()))
        return await asyncio.shield(task)

    async def _ask(self, place: Place, revision: str, may: bool) -> Listing:
        where = f"{place.kind}/{place.name}/revision/{quoted(revision)}?blobs=true"
        try:
            body, private = await self._public.answer(where, place.name), False
        except (Forbidden, NotFound):
            if not may:
                raise
            body, private = await self._own.answer(where, place.name), True
        listing = _listing(place, {"body": body, "private": private, "asked_at": time.time()})
        await asyncio.to_thread(self._save, listing, revision)
        return listing

    def _file(self, place: Place, revision: str) -> Path:
        name = revision if is_digest(revision) else hashlib.sha256(revision.encode()).hexdigest()[:32]
        return self._folder / f"{place.kind}--{place.name.replace('/', '--')}" / f"{name}.json"

    def _save(self, listing: Listing, revision: str) -> None:
        known = {"body": listing.body, "private": listing.private, "asked_at": listing.asked_at}
        for name in {revision, listing.repository.commit}:
            path = self._file(listing.place, name)
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            partial = path.with_suffix(".part")
            partial.write_text(json.dumps(known), "utf-8")
            partial.replace(path)

    def _known(self, place: Place, revision: str) -> Listing | None:
        return self._saved(place, revision) or self._cached(place, revision)

    def _saved(self, place: Place, revision: str) -> Listing | None:
        """Read anew only when it was written anew: some are large, and asked for once for every file."""
        path = self._file(place, revision)
        try:
            changed = path.stat().st_mtime_ns
            if (held := self._read.get(path)) and held[0] == changed:
                return held[1]
            listing = _listing(place, json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError, HubUnreachable):
            return None
        if len(self._read) >= _REMEMBERED:
            self._read.clear()
        self._read[path] = (changed, listing)
        return listing

    def _cached(self, place: Place, revision: str) -> Listing | None:
        """What other tools, or Serai's own downloads, have put there. Whether it is public nobody knows: it is not."""
        repo = Repo(self._cache, place.name, place.kind)
        commit = revision if is_digest(revision) else repo.refs().get(revision, "")
        if commit not in repo.commits():
            return None
        saved = self._saved(place, commit)
        files = sorted(files_of(repo.snapshot(commit)), key=lambda file: file.path)
        body = {"id": place.name, "sha": commit, "siblings": [_sibling(file) for file in files if file.etag]}
        return saved or _listing(place, {"body": body, "private": True, "asked_at": 0.0})


def _listing(place: Place, known: Mapping[str, Any]) -> Listing:
    """Raises HubUnreachable, KeyError or TypeError where it is none."""
    body = known["body"]
    repository: Repository = repository_of(place.address, body)
    private = known["private"] or body.get("private") is True
    return Listing(place, body, repository, private, known["asked_at"], {file.path: file for file in repository.files})


def _sibling(file: RemoteFile) -> dict[str, Any]:
    row: dict[str, Any] = {"rfilename": file.path, "size": file.size}
    lfs = {"sha256": file.sha256, "size": file.size, "pointerSize": POINTER}
    return row | ({"lfs": lfs} if file.sha256 else {"blobId": file.oid})
