"""What `serai pull` does within the server, without the server: `python -m bench.puller ENDPOINT NAME`. Says how far
its memory grew."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop


async def pull(endpoint: str, name: str) -> None:
    """Downloads into HF_HOME, with the tables in SERAI_HOME."""
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
    with watched() as grown:
        await kind.run(JobContext("job", {"model": name}, None, nothing, lambda *_: None))
    print(json.dumps({"grown": grown[0]}))
    await db.close()


@contextmanager
def watched() -> Iterator[list[int]]:
    """By how many bytes this process was larger at most than at the beginning."""
    import psutil

    own = psutil.Process()
    before, grown, over = own.memory_info().rss, [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            grown[0] = max(grown[0], own.memory_info().rss - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield grown
    finally:
        over.set()
        watcher.join()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as the server does
        runner.run(pull(*sys.argv[1:]))
