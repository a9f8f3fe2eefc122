"""A program that downloads a model and may be killed; its arguments: endpoint, cache, database, name."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from serai.hub.download import Download
from serai.hub.records import Records
from serai.hub.remote import Hub
from serai.hub.store import Store
from serai.jobs.kinds import JobContext
from serai.storage.database import Database


async def main(endpoint: str, cache: str, database: str, name: str) -> None:
    async def nobody() -> None:
        return None

    async def save(_: dict[str, Any]) -> None:
        return None

    db = Database.open(database)
    hub = Hub(lambda: endpoint, nobody, lambda: False)
    kind = Download(hub, Store(db), Records(db), Path(cache), pause=lambda n: 0.01)
    await kind.run(JobContext("job", {"model": name}, None, save, lambda *_: None))
    await db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
