"""A loopback hub that speaks the protocol of the real one, with its faults: redirects to another origin, cut
connections, damaged bytes, ignored ranges, rate limits, gated repositories."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

TOKEN = "hub-token-of-the-tests"


@dataclass
class FakeHub:
    """Serves `files` (repository → name → bytes). `requests` records (path, range, authorization)."""

    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    cut_after: int | None = None
    cuts: int = 0
    damage: bool = False
    ignore_ranges: bool = False
    slow_down: int = 0
    endpoint: str = ""
    store: str = ""
    requests: list[tuple[str, str | None, str | None]] = field(default_factory=list)

    async def model(self, request: web.Request) -> web.Response:
        self._note(request)
        name = f"{request.match_info['org']}/{request.match_info['name']}"
        if name not in self.files:
            return web.json_response({"error": "Repository not found"}, status=404)
        if name in self.gated and request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"error": "gated"}, status=403)
        siblings = [
            {"rfilename": path, "size": len(data), "lfs": {"sha256": _sha256(data), "size": len(data)}}
            for path, data in self.files[name].items()
        ]
        return web.json_response({"id": name, "sha": "c" * 40, "siblings": siblings, "cardData": {"license": "mit"}})

    async def resolve(self, request: web.Request) -> web.Response:
        self._note(request)
        if self.slow_down:
            self.slow_down -= 1
            return web.Response(status=429, headers={"Retry-After": "0"})
        place = "/".join(request.match_info[part] for part in ("org", "name", "path"))
        return web.Response(status=302, headers={"Location": f"{self.store}/blob/{place}"})

    async def blob(self, request: web.Request) -> web.StreamResponse:
        self._note(request)
        data = self.files[f"{request.match_info['org']}/{request.match_info['name']}"][request.match_info["path"]]
        begin = 0
        wanted = request.headers.get("Range")
        response = web.StreamResponse()
        if wanted and not self.ignore_ranges:
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            begin, data = int(first), data[: int(last) + 1] if last else data
            response.set_status(206)
        body = bytes(len(data)) if self.damage else data
        response.content_length = len(data) - begin
        await response.prepare(request)
        if self.cut_after is not None and self.cuts:
            self.cuts -= 1
            await response.write(body[begin : begin + self.cut_after])
            assert request.transport is not None
            request.transport.abort()
            return response
        await response.write(body[begin:])
        return response

    def _note(self, request: web.Request) -> None:
        self.requests.append((request.path, request.headers.get("Range"), request.headers.get("Authorization")))


@asynccontextmanager
async def serving(hub: FakeHub) -> AsyncIterator[FakeHub]:
    """Runs it on loopback, the bytes on a second origin, as the real hub has it."""
    front, back = web.Application(), web.Application()
    front.router.add_get("/api/models/{org}/{name}/revision/{revision}", hub.model)
    front.router.add_get("/{org}/{name}/resolve/{revision}/{path:.+}", hub.resolve)
    back.router.add_get("/blob/{org}/{name}/{path:.+}", hub.blob)
    runners = [web.AppRunner(app) for app in (front, back)]
    try:
        urls = [await _listen(runner) for runner in runners]
        hub.endpoint, hub.store = urls
        yield hub
    finally:
        for runner in runners:
            await runner.cleanup()


async def _listen(runner: web.AppRunner) -> str:
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
