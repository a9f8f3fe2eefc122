"""A hub on loopback over made-up files of this disk: `python -m bench.loopback FOLDER PACE` says its address.

`PACE` is the bytes a second of all connections together; 0 is as fast as the disk, by the kernel's sendfile."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import mmap
import random
import struct
import sys
import time
from pathlib import Path
from typing import Any

import uvloop

_COMMIT = "c" * 40
_COUNT = struct.Struct("<Q")
_STEP = 8192


class Sent:
    """How many bytes of files went out, counted where another process can read it at any moment."""

    def __init__(self, folder: Path) -> None:
        path = folder / "sent"
        if not path.exists():
            path.write_bytes(_COUNT.pack(0))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _COUNT.size)

    def add(self, count: int) -> None:
        _COUNT.pack_into(self._shared, 0, self.read() + count)

    def read(self) -> int:
        (count,) = _COUNT.unpack_from(self._shared)
        return int(count)


def repository(folder: Path, files: dict[str, tuple[bytes, int]]) -> None:
    """Makes one: each file begins with some bytes and is filled up with random ones to a size."""
    folder.mkdir(parents=True)
    chance, rows = random.Random(3), []
    for name, (start, size) in files.items():
        digest, left, chunk = hashlib.sha256(), size, start
        with (folder / name).open("wb") as out:
            while left:
                chunk = chunk if chunk and left == size else chance.randbytes(min(left, 8 << 20))
                out.write(chunk)
                digest.update(chunk)
                left -= len(chunk)
        lfs = {"sha256": digest.hexdigest(), "size": size, "pointerSize": 134}
        rows.append({"rfilename": name, "size": size, "lfs": lfs})
    (folder / "list").write_text(json.dumps(rows))


class Hub:
    """The front answers as the hub does and redirects to the back, which has the bytes."""

    def __init__(self, folder: Path, pace: float) -> None:
        self._folder = folder
        self._pace = pace
        self._listed = {path.parent.name: json.loads(path.read_text()) for path in folder.glob("*/list")}
        self._sent = Sent(folder)
        self._due = 0.0
        self.store = ""

    async def model(self, request: Any) -> Any:
        name = request.match_info["n"]
        return self._web.json_response({"id": f"b/{name}", "sha": _COMMIT, "siblings": self._listed[name]})

    async def tree(self, request: Any) -> Any:
        rows = []
        for file in self._listed[request.match_info["n"]]:
            lfs = {"oid": file["lfs"]["sha256"], "size": file["size"], "pointerSize": 134}
            facts = {"type": "file", "path": file["rfilename"], "size": file["size"], "oid": "b" * 40}
            rows.append({**facts, "lfs": lfs})
        return self._web.json_response(rows)

    async def resolve(self, request: Any) -> Any:
        name, path = request.match_info["n"], request.match_info["path"]
        lfs = next(file["lfs"] for file in self._listed[name] if file["rfilename"] == path)
        headers = {"Location": f"{self.store}/{name}/{path}", "X-Repo-Commit": _COMMIT}
        headers |= {"X-Linked-Etag": f'"{lfs["sha256"]}"', "X-Linked-Size": str(lfs["size"])}
        return self._web.Response(status=302, headers=headers)

    async def paced(self, request: Any) -> Any:
        path = self._folder / request.match_info["path"]
        size, wanted = path.stat().st_size, request.http_range
        first, last = wanted.start or 0, wanted.stop or size
        response = self._web.StreamResponse(status=206 if "Range" in request.headers else 200)
        response.headers["Content-Range"] = f"bytes {first}-{last - 1}/{size}"
        response.content_length = last - first
        await response.prepare(request)
        with path.open("rb") as file:
            file.seek(first)
            while first < last:
                chunk = file.read(min(_STEP, last - first))
                self._due = max(self._due, time.monotonic()) + len(chunk) / self._pace
                await asyncio.sleep(self._due - time.monotonic())
                await response.write(chunk)
                first += len(chunk)
                self._sent.add(len(chunk))
        return response

    async def serve(self) -> None:
        """Says its address, and serves until the process ends."""
        front, back = self._web.Application(), self._web.Application()
        front.router.add_get("/api/models/b/{n}/revision/{r}", self.model)
        front.router.add_get("/api/models/b/{n}/tree/{r}", self.tree)
        front.router.add_get("/api/models/b/{n}", self.model)
        front.router.add_get("/b/{n}/resolve/{r}/{path}", self.resolve)
        if self._pace:
            back.router.add_get("/{path:.+}", self.paced)
        else:
            back.router.add_static("/", self._folder)
        addresses = [await self._listen(app) for app in (front, back)]
        self.store = addresses[1]
        print(addresses[0], flush=True)
        await asyncio.Event().wait()

    async def _listen(self, app: Any) -> str:
        runner = self._web.AppRunner(app)
        await runner.setup()
        await self._web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    @property
    def _web(self) -> Any:
        from aiohttp import web

        return web


if __name__ == "__main__":
    logging.disable(logging.ERROR)  # connections of the killed
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(Hub(Path(sys.argv[1]), float(sys.argv[2])).serve())
