"""Downloads from a loopback hub: as fast as huggingface_hub, with every byte checked? In flat memory? And what do
kills cost?

`python -m bench.hub` serves random files from this disk. Both clients are processes of their own, one after another, in
alternating order; huggingface_hub checks no SHA-256. `python -m bench.hub KILLS PACE` only kills, at that many bytes a
second. Needs huggingface_hub and 7 GB of disk."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.common import ROOT, environment, row
from bench.loopback import Sent, repository

KILLS = 100
PACES = (10_000_000, 42_000_000)
"""Bytes a second of the hub for those who are killed."""

ROUNDS = 3
LARGE, MANY, KILLED = 2_000_000_000, 400, 500_000_000
OURS = [sys.executable, "-m", "bench.puller"]
THEIRS = [
    sys.executable,
    "-c",
    "import sys; from huggingface_hub import snapshot_download as s; s(sys.argv[2], max_workers=8)",
]


class Run:
    """Processes of a client over a home of their own."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.home = folder / "home"
        self.endpoint = endpoint
        self.sent = Sent(folder / "files")
        more = {"HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
        paths = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
        self._env = environment(self.home, **more, HF_HUB_DISABLE_TELEMETRY="1") | {"PYTHONPATH": paths}

    def anew(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)

    def begin(self, client: list[str], name: str) -> subprocess.Popen[str]:
        command = [*client, self.endpoint, name]
        return subprocess.Popen(command, env=self._env, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def timed(self, client: list[str], name: str) -> tuple[float, int]:
        """Seconds of a whole process, and how far its memory grew, if it says so."""
        self.anew()
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


def kill(run: Run, kills: int, pace: int) -> float:
    """At random moments; how often its bytes were fetched, without what went out between a kill and the end of the
    process: nothing of it runs any more by then, and still the kernel takes bytes in. That is told, too."""
    chance, done, dying = random.Random(5), 0, 0
    run.anew()
    began = run.sent.read()
    while done < kills:
        goal = run.sent.read() + chance.randrange(2 * KILLED // kills)
        process = run.begin(OURS, "b/killed")
        while run.sent.read() < goal and process.poll() is None:
            time.sleep(0.002)
        if process.poll() is not None:
            break
        before = run.sent.read()
        process.kill()
        process.communicate()
        dying += run.sent.read() - before
        done += 1
    last = run.begin(OURS, "b/killed")
    last.communicate()
    assert last.returncode == 0
    [blob] = (run.home / "hf" / "hub" / "models--b--killed" / "blobs").iterdir()
    with blob.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == blob.name
    share, lost = (run.sent.read() - began) / KILLED, dying / KILLED
    print(f"{done} kills at {pace / 1e6:.0f} MB/s: one whole file, fetched {share - lost:.4f} × its bytes", end="")
    print(f", and {lost:.4f} × more went out while processes were dying")
    return share - lost


def served(folder: Path, pace: int) -> tuple[subprocess.Popen[str], Run]:
    """A hub of its own, and clients of it."""
    command = [sys.executable, "-m", "bench.loopback", str(folder / "files"), str(pace)]
    hub = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert hub.stdout is not None
    return hub, Run(folder, hub.stdout.readline().strip())


def make(folder: Path, *, only_killed: bool) -> None:
    """One model of 500 MB, one of 2 GB, one of 400 files."""
    guide = (ROOT / "src" / "serai" / "guide" / "serai-guide.gguf").read_bytes()
    repository(folder / "killed", {"killed.Q8_0.gguf": (guide, KILLED)})
    if not only_killed:
        repository(folder / "large", {"large.Q8_0.gguf": (guide, LARGE)})
        shards = {f"model-{n:05d}-of-{MANY:05d}.safetensors": (b"", 1_000_000) for n in range(1, MANY + 1)}
        repository(folder / "many", {"config.json": (b"{}", 2), **shards})


def main(kills: int = KILLS, *paces: int) -> None:
    shares = []
    with tempfile.TemporaryDirectory(prefix="serai-bench-") as place:
        folder = Path(place)
        make(folder / "files", only_killed=bool(paces))
        for pace in (*(() if paces else (0,)), *(paces or PACES)):
            hub, run = served(folder, pace)
            try:
                if pace:
                    shares.append(kill(run, kills, pace))
                else:
                    compare(run)
            finally:
                hub.kill()
                hub.communicate()
    sys.exit(0 if max(shares) <= 1.02 else 1)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
