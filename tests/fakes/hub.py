"""A loopback hub that speaks the protocol of the real one, with its faults: redirects to another origin, cut
connections, damaged bytes, ignored ranges, rate limits, gated repositories, lies about length, stalls."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TOKEN = "hub-token-of-the-tests"
STEP = 1 << 16


@dataclass
class FakeHub:
    """Serves `files` (repository → name → bytes); those in `plain` are kept by Git itself, without a SHA-256.
    `requests` records (path, range, authorization), `sent` counts the bytes of files that went out.

    Repositories in `private` are unknown without the token, of those in `locked` only the files are refused, and
    `gated` refuses everything. Those whose name begins with `datasets/` are data sets.

    Faults: `cut_after` so many bytes the connection breaks, `cuts` times; `damage` sends zeros, `damages` times only
    where that is set; `answers` are statuses with headers that are given, one after another, before files are sent;
    `gate` holds back what comes after half of a file; `length` is what the list claims a file to have; `facts` are more
    of what the hub tells of a model; `queries` are the questions that lists were asked."""

    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    plain: set[str] = field(default_factory=set)
    gated: set[str] = field(default_factory=set)
    private: set[str] = field(default_factory=set)
    locked: set[str] = field(default_factory=set)
    commit: str = "c" * 40
    cut_after: int | None = None
    cuts: int = 0
    damage: bool = False
    damages: int | None = None
    ignore_ranges: bool = False
    unknown: int = 404
    slow_down: int = 0
    busy_listing: int = 0
    broken: int = 0
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    gate: asyncio.Event | None = None
    length: dict[str, int] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    queries: list[dict[str, list[str]]] = field(default_factory=list)
    siblings: list[dict[str, Any]] | None = None
    pace: float = 0.0
    endpoint: str = ""
    store: str = ""
    sent: int = 0
    requests: list[tuple[str, str | None, str | None]] = field(default_factory=list)

    async def model(self, request: web.Request) -> web.Response:
        self._note(request)
        name = self._name(request)
        if self.broken:
            return web.Response(status=self.broken)
        if self.busy_listing:
            self.busy_listing -= 1
            return web.Response(status=429, headers={"Retry-After": "0"})
        if name not in self.files or (name in self.private and not _knows(request)):
            return web.json_response({"error": "Repository not found"}, status=self.unknown)
        if request.match_info["revision"] not in ("main", "v1", self.commit):
            return web.json_response({"error": "no"}, status=404, headers={"X-Error-Code": "RevisionNotFound"})
        if name in self.gated and not _knows(request):
            return web.json_response({"error": "gated"}, status=403, headers={"X-Error-Code": "GatedRepo"})
        etag = f'W/"{self.commit}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304)
        siblings = self.siblings or [self._sibling(path, data) for path, data in self.files[name].items()]
        facts = {"private": name in self.private, "gated": "manual" if name in self.locked else False, "tags": []}
        row = {"id": name.removeprefix("datasets/"), "sha": self.commit, "siblings": siblings, **facts}
        told = {**row, "cardData": {"license": "mit"}, **self.facts.get(name, {})}
        return web.json_response(told, headers={"ETag": etag})

    async def refs(self, request: web.Request) -> web.Response:
        self._note(request)
        main = {"name": "main", "ref": "refs/heads/main", "targetCommit": self.commit}
        tags = [{"name": name, "ref": f"refs/tags/{name}", "targetCommit": self.commit} for name in ("v1", "../x")]
        return web.json_response({"branches": [main], "tags": tags, "converts": []})

    async def search(self, request: web.Request) -> web.Response:
        self._note(request)
        wanted = request.query.get("search", "").casefold()
        self.queries.append({key: request.query.getall(key) for key in request.query})
        if self.busy_listing:
            self.busy_listing -= 1
            return web.Response(status=429, headers={"Retry-After": "0"})
        near = [name for name in self.files if wanted[:4] in name.casefold()]
        begin, limit = int(request.query.get("cursor", "c0")[1:]), int(request.query.get("limit", "20"))
        rows = [{"id": name, **self.facts.get(name, {})} for name in near[begin : begin + limit]]
        onward = {"Link": f'<{self.endpoint}/api/models?cursor=c{begin + limit}>; rel="next"'}
        return web.json_response(rows, headers=onward if len(near) > begin + limit else {})

    async def resolve(self, request: web.Request) -> web.Response:
        self._note(request)
        if self.slow_down:
            self.slow_down -= 1
            return web.Response(status=429, headers={"Retry-After": "0"})
        if self.answers:
            status, headers = self.answers.pop(0)
            return web.Response(status=status, headers=headers)
        name, path = self._name(request), request.match_info["path"]
        if name in self.private | self.locked and not _knows(request):
            return web.Response(status=401, headers={"X-Error-Code": "GatedRepo"})
        place = f"{request.match_info['org']}/{request.match_info['name']}/{path}"
        data = self.files[name].get(path)
        if data is None:
            return web.Response(status=404, headers={"X-Error-Code": "EntryNotFound", "X-Repo-Commit": self.commit})
        headers = {
            "Location": f"{self.store}/{'dataset' if name.startswith('datasets/') else 'blob'}/{place}",
            "X-Repo-Commit": self.commit,
        }
        headers |= {"X-Linked-Etag": f'"{self._etag(place, data)}"', "X-Linked-Size": str(len(data))}
        return web.Response(status=302, headers=headers)

    async def blob(self, request: web.Request) -> web.StreamResponse:
        self._note(request)
        data = self.files[self._name(request)][request.match_info["path"]]
        begin, whole = 0, len(data)
        wanted = request.headers.get("Range")
        response = web.StreamResponse()
        if wanted and not self.ignore_ranges:
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            begin, data = int(first), data[: int(last) + 1] if last else data
            response.set_status(206)
            response.headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{whole}"
        response.content_length = len(data) - begin
        await response.prepare(request)
        await self._send(request, response, memoryview(self._spoilt(data))[begin:])
        return response

    async def _send(self, request: web.Request, response: web.StreamResponse, body: memoryview) -> None:
        cut = self.cut_after if self.cut_after is not None and self.cuts else None
        self.cuts -= cut is not None
        for place in range(0, len(body), STEP):
            chunk = body[place : place + STEP]
            if cut is not None and place + len(chunk) >= cut:
                await response.write(chunk[: cut - place])
                self.sent += cut - place
                assert request.transport is not None
                request.transport.abort()
                return
            if self.gate is not None and place >= len(body) // 2:
                await self.gate.wait()
            await response.write(chunk)
            self.sent += len(chunk)
            if self.pace:
                await asyncio.sleep(self.pace)

    def _spoilt(self, data: bytes) -> bytes:
        if not self.damage or self.damages == 0:
            return data
        if self.damages is not None:
            self.damages -= 1
        return bytes(len(data))

    def _etag(self, place: str, data: bytes) -> str:
        return git_sha1(data) if place.split("/", 2)[2] in self.plain else _sha256(data)

    def _sibling(self, path: str, data: bytes) -> dict[str, Any]:
        size = self.length.get(path, len(data))
        if path in self.plain:
            return {"rfilename": path, "size": size, "blobId": git_sha1(data)}
        return {
            "rfilename": path,
            "size": size,
            "blobId": "b" * 40,
            "lfs": {"sha256": _sha256(data), "size": size, "pointerSize": 134},
        }

    def _name(self, request: web.Request) -> str:
        name = f"{request.match_info['org']}/{request.match_info['name']}"
        return f"datasets/{name}" if request.path.startswith(("/api/datasets/", "/datasets/", "/dataset/")) else name

    def _note(self, request: web.Request) -> None:
        self.requests.append((request.path, request.headers.get("Range"), request.headers.get("Authorization")))


@asynccontextmanager
async def serving(hub: FakeHub) -> AsyncIterator[FakeHub]:
    """Runs it on loopback, the bytes on a second origin, as the real hub has it."""
    front, back = web.Application(), web.Application()
    front.router.add_get("/api/models/{org}/{name}/revision/{revision}", hub.model)
    front.router.add_get("/api/models", hub.search)
    front.router.add_get("/api/datasets/{org}/{name}/revision/{revision}", hub.model)
    front.router.add_get("/api/models/{org}/{name}/refs", hub.refs)
    front.router.add_get("/datasets/{org}/{name}/resolve/{revision}/{path:.+}", hub.resolve)
    back.router.add_get("/dataset/{org}/{name}/{path:.+}", hub.blob)
    front.router.add_get("/{org}/{name}/resolve/{revision}/{path:.+}", hub.resolve)
    back.router.add_get("/blob/{org}/{name}/{path:.+}", hub.blob)
    runners = [web.AppRunner(app, shutdown_timeout=0.1) for app in (front, back)]
    try:
        urls = [await _listen(runner) for runner in runners]
        hub.endpoint, hub.store = urls
        yield hub
    finally:
        for runner in runners:
            await runner.cleanup()


def git_sha1(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def _knows(request: web.Request) -> bool:
    return request.headers.get("Authorization") == f"Bearer {TOKEN}"


async def _listen(runner: web.AppRunner) -> str:
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
