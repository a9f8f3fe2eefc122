"""Hooks over a real database. Also a process of its own that is to be killed: `python house.py URL HOME RECEIVER`."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

from serai.monitor.hooks import Hooks
from serai.monitor.occurrences import Occurrence
from serai.outside import Outside
from serai.storage.database import Database
from serai.storage.secrets import SecretStore


class House:
    """Hooks, and what they published."""

    def __init__(self, db: Database, home: Path) -> None:
        self.events: list[tuple[str, Any]] = []
        self.secrets = SecretStore(db, home)
        outside = Outside(lambda: False, lambda: False, seconds=5)
        self.hooks = Hooks(db, self.secrets, outside, lambda *event: self.events.append(event))

    def tell(self, kind: Any = "budget", number: int = 0, ago: float = 0.0) -> None:
        self.hooks.tell(Occurrence(f"event_{number}", kind, time.time() - ago, {"number": number}))


async def main(url: str, home: str, receiver: str) -> None:
    house = House(Database.open(url), Path(home))
    await house.hooks.add(receiver, ["budget"], private=True)
    for number in range(3):
        house.tell(number=number)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
