"""Run in a process of its own with a disk of its own: `python disk.py full|read_only FOLDER`. Prints what happened."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from serai.errors import StorageFailed
from serai.storage.database import Database
from serai.storage.engines import sqlite_url
from serai.storage.tables import memory


def add(connection: Connection) -> None:
    number = connection.execute(select(func.count()).select_from(memory)).scalar_one()
    connection.execute(memory.insert().values(key=f"{number}", value="x" * 20_000))


def mount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


async def full(folder: Path) -> None:
    """Writes side by side until the disk is full; then what was said to be kept must be what is there."""
    mount(folder, "size=1m")
    db = Database.open(sqlite_url(folder / "serai.db"))
    kept = 0
    failed: list[BaseException] = []
    while not failed:
        outcomes = await asyncio.gather(*(db.write(add) for _ in range(3)), return_exceptions=True)
        failed = [outcome for outcome in outcomes if outcome is not None]
        kept += outcomes.count(None)
    assert all(isinstance(error, StorageFailed) and error.cause == "full" for error in failed), failed
    count = select(func.count()).select_from(memory)
    assert await db.read(lambda c: c.execute(count).scalar_one()) == kept
    remount(folder, "size=8m")
    await db.write(add)
    assert await db.read(lambda c: c.execute(count).scalar_one()) == kept + 1
    assert await db.read(lambda c: c.exec_driver_sql("PRAGMA integrity_check").scalar()) == "ok"
    await db.close()


async def read_only(folder: Path) -> None:
    mount(folder, "size=8m")
    await Database.open(sqlite_url(folder / "serai.db")).close()
    remount(folder, "ro")
    with pytest.raises(StorageFailed) as caught:
        Database.open(sqlite_url(folder / "serai.db"))
    assert caught.value.cause == "read_only", caught.value.as_dict()


asyncio.run({"full": full, "read_only": read_only}[sys.argv[1]](Path(sys.argv[2])))
print("as promised")
