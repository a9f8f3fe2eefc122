"""What SQLite and PostgreSQL both promise."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from serai.errors import Internal
from serai.storage.database import Database
from serai.storage.rows import put
from serai.storage.tables import memory, messages, sessions


def add(key: str, value: Any = None) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        connection.execute(memory.insert().values(key=key, value=value))
        return key

    return work


def increment(connection: Connection) -> None:
    value = connection.execute(select(memory.c.value).where(memory.c.key == "n")).scalar() or 0
    put(connection, memory, {"key": "n"}, {"value": value + 1})


async def keys(db: Database) -> list[str]:
    query = select(memory.c.key).order_by(memory.c.key)
    return await db.read(lambda connection: list(connection.execute(query).scalars()))


async def test_what_was_written_is_read(any_db: Database) -> None:
    assert await any_db.write(add("گپ", {"a": [1, None, "ß"]})) == "گپ"
    assert await any_db.read(lambda c: c.execute(select(memory.c.value)).scalar()) == {"a": [1, None, "ß"]}


async def test_a_work_that_raises_undoes_only_itself(any_db: Database) -> None:
    def fail(connection: Connection) -> None:
        add("half")(connection)
        raise ValueError("mine alone")

    outcomes = await asyncio.gather(
        any_db.write(add("a")), any_db.write(fail), any_db.write(add("b")), return_exceptions=True
    )
    assert outcomes[0] == "a" and isinstance(outcomes[1], ValueError) and outcomes[2] == "b"
    assert await keys(any_db) == ["a", "b"]


async def test_a_broken_constraint_reaches_its_caller_and_nobody_else(any_db: Database) -> None:
    await any_db.write(add("a"))
    twice, other = await asyncio.gather(any_db.write(add("a")), any_db.write(add("b")), return_exceptions=True)
    assert isinstance(twice, IntegrityError) and other == "b"


@pytest.mark.parametrize("error", [StopIteration, KeyboardInterrupt, SystemExit])
async def test_no_exception_leaves_its_caller_waiting(any_db: Database, error: type[BaseException]) -> None:
    def fail(_: Connection) -> None:
        raise error

    outcome = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(caught(any_db, fail, outcome))
    assert await asyncio.wait_for(outcome, 10) in (error, RuntimeError)
    await task
    assert await any_db.write(add("the writer lives")) == "the writer lives"


async def caught(db: Database, work: Callable[[Connection], Any], outcome: asyncio.Future[type]) -> None:
    try:
        await db.write(work)
    except BaseException as error:
        outcome.set_result(type(error))


async def test_no_update_is_lost(any_url: str) -> None:
    """The mistake that default transactions make: read, decide, write, from two processes at once."""
    two = [Database.open(any_url), Database.open(any_url)]
    await asyncio.gather(*(db.write(increment) for _ in range(50) for db in two))
    assert await two[0].read(lambda c: c.execute(select(memory.c.value)).scalar()) == 100
    for db in two:
        await db.close()


async def test_write_resolves_after_commit(any_url: str) -> None:
    one, other = Database.open(any_url), Database.open(any_url)
    for number in range(20):
        await one.write(add(f"{number:02}"))
        assert len(await keys(other)) == number + 1
    await one.close()
    await other.close()


async def test_writes_happen_in_the_order_of_asking(any_db: Database) -> None:
    order: list[int] = []
    await asyncio.gather(*(any_db.write(lambda _, n=n: order.append(n)) for n in range(600)))
    assert order == list(range(600))


async def test_a_read_sees_one_moment(any_db: Database) -> None:
    """Committed writes of others do not come in between the statements of one read."""
    loop = asyncio.get_running_loop()

    def twice(connection: Connection) -> tuple[int, int]:
        count = select(func.count()).select_from(memory)
        before = connection.execute(count).scalar_one()
        asyncio.run_coroutine_threadsafe(any_db.write(add("between")), loop).result(30)
        return before, connection.execute(count).scalar_one()

    assert await any_db.read(twice) == (0, 0)
    assert await keys(any_db) == ["between"]


async def test_a_read_cannot_write(any_db: Database) -> None:
    with pytest.raises(DBAPIError):
        await any_db.read(add("a"))
    assert await keys(any_db) == []


async def test_a_write_is_done_though_its_asker_was_cancelled(any_db: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        begun.set()
        go_on.wait(30)
        add("slow")(connection)

    task = asyncio.create_task(any_db.write(slow))
    await asyncio.to_thread(begun.wait, 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    await any_db.write(add("after"))
    assert await keys(any_db) == ["after", "slow"]


async def test_closing_commits_what_is_waiting(any_url: str) -> None:
    db = Database.open(any_url)
    writes = [asyncio.create_task(db.write(add(f"{number:04}"))) for number in range(500)]
    await asyncio.sleep(0)
    await db.close()
    assert len(await asyncio.gather(*writes)) == 500
    again = Database.open(any_url)
    assert len(await keys(again)) == 500
    await again.close()


async def test_closing_twice_is_fine_and_afterwards_it_is_closed(any_url: str) -> None:
    db = Database.open(any_url)
    await db.close()
    await db.close()
    with pytest.raises(Internal, match="closed"):
        await db.read(lambda _: None)
    with pytest.raises(Internal, match="closed"):
        await db.write(lambda _: None)


async def test_it_serves_several_loops(any_db: Database) -> None:
    await asyncio.to_thread(lambda: asyncio.run(any_db.write(add("from another loop"))))
    await any_db.write(add("from this one"))
    assert await keys(any_db) == ["from another loop", "from this one"]


async def test_a_session_takes_its_messages_along(any_db: Database) -> None:
    def work(connection: Connection) -> int:
        connection.execute(sessions.insert().values(id="s", principal="owner", created_at=1.0, updated_at=1.0))
        row = {"id": "m", "session": "s", "role": "user", "state": "done", "created_at": 1.0}
        connection.execute(messages.insert().values(**row))
        connection.execute(sessions.delete())
        return connection.execute(select(func.count()).select_from(messages)).scalar_one()

    assert await any_db.write(work) == 0


async def test_a_message_without_session_is_refused(any_db: Database) -> None:
    row = {"id": "m", "session": "nowhere", "role": "user", "state": "done", "created_at": 1.0}
    with pytest.raises(IntegrityError):
        await any_db.write(lambda connection: connection.execute(messages.insert().values(**row)))
