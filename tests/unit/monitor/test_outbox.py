"""Messages to hooks that a process did not get rid of, before it ended or was killed."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select
from tests.fakes.waiting import until
from tests.unit.monitor import house as process
from tests.unit.monitor.house import House
from tests.unit.monitor.receiving import Receiver, receiving

from serai.errors import StorageFailed
from serai.monitor import mailbox, outbox
from serai.monitor.occurrences import Occurrence
from serai.storage.database import Database
from serai.storage.tables import hook_messages

ROOT = Path(__file__).parents[3]


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


async def waiting(db: Database) -> list[str]:
    query = select(hook_messages.c.id).order_by(hook_messages.c.place)
    return await db.read(lambda connection: list(connection.execute(query).scalars()))


async def left(db: Database, home: Path, receiver: Receiver, *, ago: float = 0.0) -> None:
    """Three messages of a process that ended while its receiver was away."""
    receiver.statuses = [503]
    house = House(db, home)
    await house.hooks.add(receiver.url, ["budget"], private=True)
    for number in range(3):
        house.tell(number=number, ago=ago)
    await until(lambda: receiver.tried == 1)
    await house.hooks.close()
    assert await waiting(db) == ["event_0", "event_1", "event_2"]


async def test_a_restart_sends_what_was_waiting_in_its_order(db: Database, tmp_path: Path, receiver: Receiver) -> None:
    await left(db, tmp_path, receiver)
    house = House(db, tmp_path)
    await house.hooks.recover()
    await until(lambda: len(receiver.taken) == 3)
    assert [message["id"] for message in receiver.taken] == ["event_0", "event_1", "event_2"]
    assert receiver.headers[0]["webhook-id"] == receiver.headers[1]["webhook-id"] == "event_0"
    assert (receiver.taken[0]["type"], receiver.taken[0]["data"]) == ("budget", {"number": 0})

    async def none() -> bool:
        return not await waiting(db)

    await until(none)
    await house.hooks.close()


@pytest.mark.slow
async def test_so_does_one_after_a_kill(db: Database, tmp_path: Path, receiver: Receiver) -> None:
    receiver.statuses = [503] * 100
    url = f"sqlite:///{tmp_path / 'serai.db'}"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    command = [sys.executable, str(process.__file__), url, str(tmp_path), receiver.url]
    running = await asyncio.create_subprocess_exec(*command, env=environment)
    house = House(db, tmp_path)
    try:
        await until(lambda: receiver.tried > 0, 30)
        await house.hooks.recover()  # its process lives: that is its own to send
        assert house.hooks._mailboxes == {}
    finally:
        running.kill()
        await running.wait()
    receiver.statuses = []
    await house.hooks.recover()
    await until(lambda: len(receiver.taken) == 3)
    assert [message["id"] for message in receiver.taken] == ["event_0", "event_1", "event_2"]
    await house.hooks.close()


async def test_what_is_too_old_is_sent_no_more(db: Database, tmp_path: Path, receiver: Receiver) -> None:
    await left(db, tmp_path, receiver, ago=outbox.KEPT_S + 1)
    house = House(db, tmp_path)
    await house.hooks.recover()
    assert await waiting(db) == [] and house.hooks._mailboxes == {}


async def test_a_hook_that_is_gone_leaves_nothing(db: Database, tmp_path: Path, receiver: Receiver) -> None:
    await left(db, tmp_path, receiver)
    house = House(db, tmp_path)
    [hook] = await house.hooks.list()
    await house.hooks.remove(hook.id)
    assert await waiting(db) == []


async def test_the_newest_are_kept(
    db: Database, tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "WAITING", 1)
    receiver.statuses = [503]
    house = House(db, tmp_path)
    await house.hooks.add(receiver.url, ["budget"], private=True)
    for number in range(9):
        house.tell(number=number)
    await until(lambda: receiver.tried == 1)
    await house.hooks.close()
    assert await waiting(db) == ["event_7", "event_8"]


async def test_what_two_processes_hear_one_of_them_tells(db: Database) -> None:
    both = [("hook", Occurrence("event", "budget", 1.0, {}))]
    assert await db.write(lambda connection: outbox.put(connection, both, "one", 9)) == both
    assert await db.write(lambda connection: outbox.put(connection, both, "two", 9)) == []


async def test_what_cannot_be_written_down_is_told_all_the_same(
    db: Database, tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(db, tmp_path)
    await house.hooks.add(receiver.url, ["budget"], private=True)

    async def full(_work: Any) -> None:
        raise StorageFailed("The disk is full.", cause="full")

    await house.hooks.list()
    monkeypatch.setattr(db, "write", full)
    house.tell()
    await until(lambda: len(receiver.taken) == 1)
    await house.hooks.close()
