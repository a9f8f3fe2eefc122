"""Serai as a hub mirror: does a file that is here come as fast as from a plain file server? And what do eight clients
that miss the same file cost the hub?

`python -m bench.mirror` compares, in alternating order, with aiohttp's FileResponse (the kernel's sendfile) over the
same file on the same disk. Clients are processes that read and throw away. Needs 2 GB of disk."""

from __future__ import annotations

import asyncio
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from bench.common import ROOT, environment, row
from bench.loopback import Sent, repository

ROUNDS = 5
SIZE, MISSED = 1_000_000_000, 200_000_000
CLIENTS = 8
PACE = 400_000_000

READ = """
import socket, sys, time
from urllib.parse import urlsplit
place = urlsplit(sys.argv[1])
began = time.perf_counter()
link = socket.create_connection((place.hostname, place.port))
link.sendall(f"GET {place.path} HTTP/1.1\\r\\nHost: {place.netloc}\\r\\nConnection: close\\r\\n\\r\\n".encode())
buffer, count = bytearray(1 << 20), 0
while got := link.recv_into(buffer):
    count += got
print(time.perf_counter() - began, count)
"""


async def plain(folder: str) -> None:
    """A file server that does nothing else."""
    from aiohttp import web

    app = web.Application()
    app.router.add_static("/", folder)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


def read(address: str) -> tuple[float, int]:
    """Seconds, and bytes with the head of the answer."""
    out = subprocess.run([sys.executable, "-c", READ, address], capture_output=True, text=True, check=True).stdout
    seconds, count = out.split()
    return float(seconds), int(count)


def serai(home: Path, hub: str, *, offline: bool = False) -> tuple[subprocess.Popen[str], str]:
    """A server of its own, and its mirror's address."""
    env = environment(
        home, SERAI_HUB_ENDPOINT=hub, SERAI_HUB_OFFLINE=str(offline).lower(), SERAI_MODELS_PRELOAD="false"
    )
    port = "17399"
    command = [sys.executable, "-m", "serai", "serve", "--port", port, "--no-browser"]
    process = subprocess.Popen(
        command, env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"{address}/health"):
                return process, f"{address}/hub"
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("Serai did not start.")


def hits(mirror: str, file_server: str) -> float:
    """How fast a file that is here comes, as a part of the plain server's speed."""
    ours, theirs = [], []
    read(f"{mirror}/b/large/resolve/main/large.bin")  # fetches it
    for number in range(ROUNDS):
        sides = [(ours, f"{mirror}/b/large/resolve/main/large.bin"), (theirs, f"{file_server}/large/large.bin")]
        for found, address in sides if number % 2 else reversed(sides):
            seconds, count = read(address)
            assert count > SIZE
            found.append(SIZE / seconds / 1e6)
    row("hit from serai, MB/s", statistics.median(ours), min(ours), max(ours))
    row("aiohttp FileResponse, MB/s", statistics.median(theirs), min(theirs), max(theirs))
    return statistics.median(ours) / statistics.median(theirs)


def misses(mirror: str, sent: Sent) -> float:
    """What eight clients cost the hub, in sizes of the file."""
    counts: list[int] = []
    before = sent.read()
    threads = [
        threading.Thread(target=lambda: counts.append(read(f"{mirror}/b/missed/resolve/main/missed.bin")[1]))
        for _ in range(CLIENTS)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(count > MISSED for count in counts) and len(counts) == CLIENTS
    print(f"{CLIENTS} clients, {MISSED / 1e6:.0f} MB each, in {time.perf_counter() - began:.1f} s")
    return (sent.read() - before) / MISSED


def main() -> None:
    running: list[subprocess.Popen[str]] = []
    with tempfile.TemporaryDirectory(prefix="serai-bench-") as place:
        folder = Path(place)
        repository(folder / "files" / "large", {"large.bin": (b"", SIZE)})
        repository(folder / "files" / "missed", {"missed.bin": (b"", MISSED)})
        try:
            addresses = []
            for words in (
                ["bench.loopback", str(folder / "files"), str(PACE)],
                ["bench.mirror", "plain", str(folder / "files")],
            ):
                command = [sys.executable, "-m", *words]
                running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT))
                assert running[-1].stdout is not None
                addresses.append(running[-1].stdout.readline().strip())
            hub, file_server = addresses
            process, mirror = serai(folder / "home", hub)
            running.append(process)
            share = hits(mirror, file_server)
            print(f"a hit comes with {share:.2f} × the speed of a plain file server")
            cost = misses(mirror, Sent(folder / "files"))
            print(f"{CLIENTS} clients that miss one file cost the hub {cost:.3f} × its bytes")
        finally:
            for process in running:
                process.kill()
                process.communicate()
            shutil.rmtree(folder / "home", ignore_errors=True)
    sys.exit(0 if share >= 0.9 and cost <= 1.01 else 1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["plain"]:
        asyncio.run(plain(sys.argv[2]))
    else:
        main()
