"""Downloads from a loopback hub: as fast as huggingface_hub, with every byte checked? In flat memory? And what do
kills cost?

`python -m bench.hub [KILLS]` serves random files from this disk. Both clients are processes of their own, one after
another, in alternating order; huggingface_hub checks no SHA-256. Needs huggingface_hub and 7 GB of disk."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import uvloop

from bench.common import ROOT, environment, row

KILLS = 100
PACE = 10_000_000
"""Bytes a second of the hub for those who are killed: what is on its way at a kill is lost, and grows with it."""

ROUNDS = 3
LARGE, MANY, KILLED = 2_000_000_000, 400, 500_000_000
OURS = [sys.executable, "-m", "bench.hub", "pull"]
THEIRS = [
    sys.executable,
    "-c",
    "import sys; from huggingface_hub import snapshot_download as s; s(sys.argv[2], max_workers=8)",
]


# ------------------------------------------------------------------------------------------------------ the hub


async def serve(folder: str, pace: str) -> None:
    """`pace` is the bytes a second of all connections together; 0 is as fast as the disk. Says its address, and at
    /sent how many bytes of files went out."""
    from aiohttp import web

    logging.disable(logging.ERROR)  # connections of the killed
    listed = {path.name: json.loads((path / "list").read_text()) for path in Path(folder).iterdir()}
    state = {"sent": 0, "due": 0.0}
    front, back, places = web.Application(), web.Application(), [""]

    async def model(request: web.Request) -> web.Response:
        return web.json_response(
            {"id": f"b/{request.match_info['n']}", "sha": "c" * 40, "siblings": listed[request.match_info["n"]]}
        )

    async def tree(request: web.Request) -> web.Response:
        files = listed[request.match_info["n"]]
        rows = [{"type": "file", "path": f["rfilename"], "size": f["size"], "oid": "b" * 40} for f in files]
        lfs = [{"oid": f["lfs"]["sha256"], "size": f["size"], "pointerSize": 134} for f in files]
        return web.json_response([{**one, "lfs": two} for one, two in zip(rows, lfs, strict=True)])

    async def resolve(request: web.Request) -> web.Response:
        name, path = request.match_info["n"], request.match_info["path"]
        lfs = next(file["lfs"] for file in listed[name] if file["rfilename"] == path)
        headers = {"Location": f"{places[0]}/{name}/{path}", "X-Repo-Commit": "c" * 40}
        headers |= {"X-Linked-Etag": f'"{lfs["sha256"]}"', "X-Linked-Size": str(lfs["size"])}
        return web.Response(status=302, headers=headers)

    async def slow(request: web.Request) -> web.StreamResponse:
        path = Path(folder) / request.match_info["path"]
        size, wanted = path.stat().st_size, request.http_range
        first, last = wanted.start or 0, wanted.stop or size
        response = web.StreamResponse(status=206 if "Range" in request.headers else 200)
        response.headers["Content-Range"] = f"bytes {first}-{last - 1}/{size}"
        response.content_length = last - first
        await response.prepare(request)
        with path.open("rb") as file:
            file.seek(first)
            while first < last:
                chunk = file.read(min(8192, last - first))
                state["due"] = max(state["due"], time.monotonic()) + len(chunk) / float(pace)
                await asyncio.sleep(state["due"] - time.monotonic())
                await response.write(chunk)
                first += len(chunk)
                state["sent"] += len(chunk)
        return response

    async def sent(_: web.Request) -> web.Response:
        return web.json_response(state["sent"])

    front.router.add_get("/api/models/b/{n}/revision/{r}", model)
    front.router.add_get("/api/models/b/{n}/tree/{r}", tree)
    front.router.add_get("/api/models/b/{n}", model)
    front.router.add_get("/b/{n}/resolve/{r}/{path}", resolve)
    front.router.add_get("/sent", sent)
    if float(pace):
        back.router.add_get("/{path:.+}", slow)
    else:
        back.router.add_static("/", folder)
    urls = []
    for app in (front, back):
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        urls.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
    places[0] = urls[1]
    print(urls[0], flush=True)
    await asyncio.Event().wait()


# --------------------------------------------------------------------------------------------------- the client


async def pull(endpoint: str, name: str) -> None:
    """What `serai pull` does within the server, without the server; says its memory before and at its most."""
    import psutil

    from serai.hub.download import Download
    from serai.hub.records import Records
    from serai.hub.remote import Hub
    from serai.hub.store import Store
    from serai.jobs.kinds import JobContext
    from serai.storage.database import Database

    async def nothing(*_: Any) -> None:
        return None

    home = Path(os.environ["SERAI_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    db = Database.open(f"sqlite:///{home / 'serai.db'}")
    hub = Hub(lambda: endpoint, nothing, lambda: False)
    kind = Download(hub, Store(db), Records(db), Path(os.environ["HF_HOME"]) / "hub", pause=lambda n: 0.1)
    own, before = psutil.Process(), psutil.Process().memory_info().rss
    most, over = [before], threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            most[0] = max(most[0], own.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        await kind.run(JobContext("job", {"model": name}, None, nothing, lambda *_: None))
    finally:
        over.set()
        watcher.join()
    print(json.dumps({"grown": most[0] - before}))
    await db.close()


# ------------------------------------------------------------------------------------------------------ the runs


def make(folder: Path) -> None:
    """One model of 2 GB, one of 400 files, one of 500 MB."""
    guide = (ROOT / "src" / "serai" / "guide" / "serai-guide.gguf").read_bytes()
    _repository(folder / "large", {"large.Q8_0.gguf": (guide, LARGE)})
    _repository(folder / "killed", {"killed.Q8_0.gguf": (guide, KILLED)})
    shards = {f"model-{n:05d}-of-{MANY:05d}.safetensors": (b"", 1_000_000) for n in range(1, MANY + 1)}
    _repository(folder / "many", {"config.json": (b"{}", 2), **shards})


def _repository(folder: Path, files: dict[str, tuple[bytes, int]]) -> None:
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
        rows.append(
            {"rfilename": name, "size": size, "lfs": {"sha256": digest.hexdigest(), "size": size, "pointerSize": 134}}
        )
    (folder / "list").write_text(json.dumps(rows))


class Run:
    """Processes of a client over a home of their own."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.home = folder / "home"
        self.endpoint = endpoint
        more = {"HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
        paths = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
        self._env = environment(self.home, **more, HF_HUB_DISABLE_TELEMETRY="1") | {"PYTHONPATH": paths}

    def begin(self, client: list[str], name: str) -> subprocess.Popen[str]:
        command = [*client, self.endpoint, name]
        return subprocess.Popen(command, env=self._env, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def timed(self, client: list[str], name: str) -> tuple[float, int]:
        """Seconds of a whole process, and how far its memory grew, if it says so."""
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        began = time.perf_counter()
        process = self.begin(client, name)
        out, _ = process.communicate()
        took = time.perf_counter() - began
        assert process.returncode == 0
        return took, json.loads(out)["grown"] if out.startswith("{") else 0


def compare(run: Run) -> None:
    for name, size in (("b/large", LARGE), ("b/many", MANY * 1_000_000)):
        ours, theirs, grown = [], [], []
        for number in range(ROUNDS):
            for client in (OURS, THEIRS) if number % 2 else (THEIRS, OURS):
                took, more = run.timed(client, name)
                (ours if client is OURS else theirs).append(size / took / 1e6)
                if client is OURS:
                    grown.append(more / 1e6)
        row(f"{name} serai, MB/s", statistics.median(ours), min(ours), max(ours))
        row(f"{name} huggingface_hub, MB/s", statistics.median(theirs), min(theirs), max(theirs))
        row(f"{name} memory grown, MB", statistics.median(grown), min(grown), max(grown))
        print(f"{name}: {statistics.median(ours) / statistics.median(theirs):.2f} × huggingface_hub, SHA-256 checked")


def kill(run: Run, kills: int) -> bool:
    """Whether there is one whole file at the end, for at most 1.02 × its bytes."""
    import urllib.request

    def sent() -> int:
        with urllib.request.urlopen(f"{run.endpoint}/sent") as answer:
            return int(answer.read())

    chance, done = random.Random(5), 0
    shutil.rmtree(run.home, ignore_errors=True)
    run.home.mkdir(parents=True)
    while done < kills:
        goal = sent() + chance.randrange(2 * KILLED // kills)
        process = run.begin(OURS, "b/killed")
        while sent() < goal and process.poll() is None:
            time.sleep(0.01)
        if process.poll() is not None:
            break
        process.kill()
        process.communicate()
        done += 1
    last = run.begin(OURS, "b/killed")
    last.communicate()
    blobs = list((run.home / "hf" / "hub" / "models--b--killed" / "blobs").iterdir())
    with blobs[0].open("rb") as file:
        whole = len(blobs) == 1 and hashlib.file_digest(file, "sha256").hexdigest() == blobs[0].name
    share = sent() / KILLED
    print(f"{done} kills: {'one whole file' if whole else 'NOT WHOLE'}, fetched {share:.4f} × its bytes")
    return whole and last.returncode == 0 and share <= 1.02


def main(kills: int = KILLS) -> None:
    with tempfile.TemporaryDirectory(prefix="serai-bench-") as place:
        folder = Path(place)
        make(folder / "files")
        held = True
        for pace, work in (("0", compare), (str(PACE), lambda run: kill(run, kills))):
            command = [sys.executable, "-m", "bench.hub", "serve", str(folder / "files"), pace]
            hub = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
            assert hub.stdout is not None
            try:
                held = work(Run(folder, hub.stdout.readline().strip())) is not False and held
            finally:
                hub.kill()
                hub.communicate()
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    works = {"serve": serve, "pull": pull}
    if sys.argv[1:2] and sys.argv[1] in works:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as the server does
            runner.run(works[sys.argv[1]](*sys.argv[2:]))
    else:
        main(*map(int, sys.argv[1:]))
