"""The database: commits per second through Database.write with 1 and 64 writers, the latency of one, reading,
verifying a key, and opening.

`python -m bench.storage [SECONDS]` prints medians of five rounds on SQLite; `--url URL` measures another database."""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path

from sqlalchemy import Connection, select

from bench.common import environment, row
from serai.accounts.keys import Keys
from serai.storage.database import Database
from serai.storage.engines import sqlite_url
from serai.storage.tables import messages, pieces, sessions

ROUNDS = 5
TEXT = "a piece of an answer "

_numbers = count()


def prepare(connection: Connection) -> None:
    """A chat whose answer arrives in pieces: the write that Serai does most."""
    connection.execute(sessions.insert().values(id="s", principal="owner", created_at=0.0, updated_at=0.0))
    answer = {"id": "m", "session": "s", "role": "assistant", "state": "streaming", "created_at": 0.0}
    connection.execute(messages.insert().values(**answer))


def add_piece(connection: Connection) -> None:
    connection.execute(pieces.insert(), {"message": "m", "seq": next(_numbers), "text": TEXT})


async def rate(work: Callable[[], Awaitable[object]], side_by_side: int, seconds: float) -> tuple[float, float]:
    """How often per second, with so many who each wait for their own; and the microseconds of CPU that each took."""
    done = 0
    end = time.perf_counter() + seconds

    async def one() -> None:
        nonlocal done
        while time.perf_counter() < end:
            await work()
            done += 1

    began, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one() for _ in range(side_by_side)))
    return done / (time.perf_counter() - began), (time.process_time() - used) / done * 1e6


async def latencies(work: Callable[[], Awaitable[object]], times: int = 1_000) -> list[float]:
    """Milliseconds of one after another, sorted."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await work()
        taken.append((time.perf_counter() - began) * 1e3)
    return sorted(taken)


async def measure(url: str, seconds: float) -> None:
    db = Database.open(url)
    keys = Keys(db)
    await db.write(prepare)
    _, plain = await keys.create("bench")
    find = select(messages).where(messages.c.id == "m")
    subjects: dict[str, Callable[[], Awaitable[object]]] = {
        "write": lambda: db.write(add_piece),
        "read": lambda: db.read(lambda connection: connection.execute(find).first()),
        "verify a key": lambda: keys.verify(plain),
    }
    for name, work in subjects.items():
        await work()
        for side_by_side in (1, 64):
            rounds = [await rate(work, side_by_side, seconds) for _ in range(ROUNDS)]
            for unit, values in zip(("/s", "CPU µs"), zip(*rounds, strict=True), strict=True):
                row(f"{name}, {side_by_side} at once, {unit}", statistics.median(values), min(values), max(values))
        taken = await latencies(work)
        row(f"{name}, ms (to p99)", statistics.median(taken), taken[0], taken[int(len(taken) * 0.99)])
    await db.close()


def opening(home: Path) -> None:
    """In a process of its own each time, without its imports; the first makes the database."""
    code = (
        "import asyncio, sys, time; from serai.storage.database import Database\n"
        "began = time.perf_counter(); db = Database.open(sys.argv[1]); print((time.perf_counter() - began) * 1e3)\n"
        "asyncio.run(db.close())"
    )
    command = [sys.executable, "-c", code, sqlite_url(home / "open.db")]
    taken = [float(subprocess.check_output(command, env=environment(home))) for _ in range(ROUNDS + 1)]
    row("open, ms", statistics.median(taken[1:]), min(taken[1:]), max(taken[1:]), taken[0])


def main() -> None:
    """The figures of one run belong together. On a machine that does other work, trust the CPU's."""
    parser = argparse.ArgumentParser()
    parser.add_argument("seconds", nargs="?", type=float, default=1.0)
    parser.add_argument("--url")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(options.url or sqlite_url(Path(folder) / "bench.db"), options.seconds))
        if not options.url:
            opening(Path(folder))
        print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
