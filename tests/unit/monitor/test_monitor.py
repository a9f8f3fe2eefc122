from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.fakes.cli import ENV, ROOT
from tests.fakes.waiting import until
from tests.unit.monitor.past import record
from tests.unit.monitor.receiving import receiving

from serai.errors import StorageFailed
from serai.monitor import monitor as room
from serai.monitor.levels import DAY
from serai.monitor.monitor import Monitor
from serai.monitor.opening import opened
from serai.outside import Outside
from serai.settings import Monitor as Settings
from serai.storage.database import Database
from serai.storage.secrets import SecretStore
from serai.telemetry.events import Events


class House:
    def __init__(self, db: Database, home: Path) -> None:
        self.settings = Settings()
        self.events = Events()
        outside = Outside(lambda: True, lambda: False)
        secrets = SecretStore(db, home)
        self.monitor = opened(db, secrets, outside, home, lambda: self.settings, self.events.publish)


@pytest_asyncio.fixture
async def house(db: Database, tmp_path: Path) -> AsyncIterator[House]:
    made = House(db, tmp_path)
    yield made
    made.events.close()
    await made.monitor.close()


async def count(monitor: Monitor) -> int:
    return sum(row.tally.count for row in await monitor.statistics.read(DAY, 0, 1e12))


async def test_what_ended_is_written_by_itself(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "WRITE_S", 0.01)
    house.monitor.ended(record(started_at=time.time()))

    async def written() -> bool:
        return bool(await house.monitor.history.page({}))

    assert await until(written, 20) and await count(house.monitor) == 1


async def test_at_its_end_everything_is_written(house: House) -> None:
    for _ in range(450):
        house.monitor.ended(record(started_at=time.time()))
    await house.monitor.close()
    await house.monitor.close()
    assert (await count(house.monitor), len(await house.monitor.history.page({}, limit=500))) == (450, 450)


async def test_a_database_that_fails_is_told_once_and_ends_nothing(
    house: House, db: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def full(_work: object) -> None:
        raise StorageFailed("The disk is full.", cause="full")

    house.monitor.ended(record(started_at=time.time()))
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(db, "write", full)
        for _ in range(3):
            await house.monitor.flush()
    assert [line.message for line in caplog.records].count(
        "What was counted could not be written: The disk is full."
    ) == 1
    await house.monitor.flush()
    assert await count(house.monitor) == 1


async def test_hooks_are_told_of_calls_and_of_events(house: House) -> None:
    async with receiving() as receiver:
        await house.monitor.hooks.add(receiver.url, ["call.failed", "budget"], private=True)
        house.monitor.start(house.events)
        await asyncio.sleep(0)
        house.events.publish("budget", {"spent": 9.5})
        house.monitor.ended(record(status="failed", error="busy"))
        await house.monitor.flush()
        await until(lambda: len(receiver.taken) == 2)
        assert {message["type"] for message in receiver.taken} == {"budget", "call.failed"}


async def test_switching_the_inspector_off_deletes_at_once(house: House, tmp_path: Path) -> None:
    (tmp_path / "inspected").mkdir()
    house.monitor.start(house.events)
    house.settings = Settings(inspect=True)
    kept = tmp_path / "inspected" / "call_0123456789ab.json"
    await until(lambda: bool(house.monitor._tasks))
    await asyncio.sleep(0)
    kept.write_text("{}")
    house.settings = Settings()
    house.events.publish("settings", {"keys": ["monitor.inspect"]})
    await until(lambda: not kept.exists())


async def test_a_command_that_switches_the_inspector_off_deletes_too(house: House, tmp_path: Path) -> None:
    kept = tmp_path / "inspected" / "call_0123456789ab.json"
    kept.parent.mkdir()
    kept.write_text("{}")
    await house.monitor.close()
    assert not kept.exists()


KILLED = """
import asyncio, sys
from pathlib import Path
from tests.unit.monitor.test_monitor import House
from tests.unit.monitor.past import record
from serai.storage.database import Database

async def main():
    home = Path(sys.argv[1])
    house = House(Database.open(f"sqlite:///{home / 'serai.db'}"), home)
    number = 0
    while True:
        for _ in range(10):
            house.monitor.ended(record(started_at=1.795e9))
            number += 1
        await house.monitor.flush()
        print(number, flush=True)

asyncio.run(main())
"""


def killed(home: Path) -> list[str]:
    """What a process said that it had written, until it was killed in the middle."""
    command = [sys.executable, "-c", KILLED, str(home)]
    with subprocess.Popen(command, cwd=ROOT, env=ENV, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(5)]
        os.kill(process.pid, signal.SIGKILL)
        return [*lines, *process.stdout.read().split()]


@pytest.mark.slow
async def test_a_kill_loses_nothing_that_was_written_and_counts_nothing_twice(tmp_path: Path) -> None:
    written = await asyncio.to_thread(killed, tmp_path)
    db = Database.open(f"sqlite:///{tmp_path / 'serai.db'}")
    house = House(db, tmp_path)
    found, listed = await count(house.monitor), len(await house.monitor.history.page({}, limit=100_000))
    await house.monitor.close()
    await db.close()
    told = int(written[-1])  # what it was writing when it was killed may be there, whole
    assert found in (told, told + 10) and listed in (told, told + 10), (told, found, listed)


def test_being_told_holds_no_words() -> None:
    call: Any = record()
    call.call.inputs = {"messages": [object()]}
    from serai.monitor.past import past

    assert not any(value is call.call or value is call.call.inputs for value in past(call))


async def test_it_ends_though_a_call_ends_at_that_very_moment(house: House) -> None:
    house.monitor.start()
    await until(lambda: bool(house.monitor._wake._waiters))
    house.monitor.ended(record())
    async with asyncio.timeout(10):
        await house.monitor.close()
