from __future__ import annotations

import time
from typing import Any

import pytest
from tests.unit.monitor.past import AT, failed, past, tried

from serai.errors import NotFound, StorageFailed
from serai.monitor.history import History
from serai.settings import Monitor
from serai.storage.database import Database
from serai.telemetry import logs


def open_(db: Database, **settings: Any) -> History:
    return History(db, lambda: Monitor(**{"history_days": 10_000.0, **settings}))


async def fill(history: History, count: int, **told: Any) -> None:
    for number in range(count):
        history.add(past(started_at=AT + number, **told))
    await history.write()


async def test_the_newest_come_first_in_pages(db: Database) -> None:
    history = open_(db)
    await fill(history, 5)
    first = await history.page({}, limit=2)
    rest = await history.page({}, after=first[-1]["id"], limit=10)
    assert [call["at"] - AT for call in [*first, *rest]] == [4, 3, 2, 1, 0]
    assert await history.get(first[0]["id"]) == first[0]


async def test_it_is_narrowed_by_what_calls_have(db: Database) -> None:
    history = open_(db)
    history.add(failed("busy", key="key_1", tried=tried("far", "unreachable")))
    await fill(history, 2, key="key_2", cost=0.5)
    [call] = await history.page({"key": "key_1", "error": "busy"})
    assert (call["asked"], call["tried"][0]["code"]) == ("auto", "unreachable")
    assert [call["usage"]["cost"] for call in await history.page({"status": "done"})] == [0.5, 0.5]
    assert await history.page({}, start=AT + 1, end=AT + 1) == []


async def test_a_cost_of_nothing_is_not_an_unknown_one(db: Database) -> None:
    history = open_(db)
    await fill(history, 1, cost=0.0)
    history.add(past(started_at=AT + 5))
    await history.write()
    assert [call["usage"].get("cost") for call in await history.page({})] == [None, 0.0]


async def test_it_is_bounded_by_number_and_age(db: Database) -> None:
    await fill(open_(db), 20)
    await open_(db, history_calls=7).tidy()
    assert len(await open_(db).page({})) == 7
    history = open_(db, history_days=(time.time() - AT - 16.5) / 86_400)
    await history.tidy()
    assert [call["at"] - AT for call in await history.page({})] == [19, 18, 17]


async def test_without_room_nothing_is_kept(db: Database) -> None:
    history = open_(db, history_calls=0)
    await fill(history, 3)
    await history.tidy()
    assert await history.page({}) == []


async def test_a_call_that_is_run_once_more_takes_the_place_of_the_first(db: Database) -> None:
    history, again = open_(db), past()
    history.add(again)
    await history.write()
    history.add(again._replace(status="failed", error="busy"))
    history.add(past())
    await history.write()
    assert sorted(call["status"] for call in await history.page({})) == ["done", "failed"]


async def test_reasons_are_kept_without_secrets(db: Database) -> None:
    logs.redact("very-precious-value")
    history = open_(db)
    attempt = tried("far", "unreachable")[0]
    history.add(past(tried=(type(attempt)(backend="far", reason="refused very-precious-value"),)))
    await history.write()
    assert (await history.page({}))[0]["tried"][0]["reason"] == "refused [redacted]"


async def test_a_database_that_fails_loses_nothing(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    history = open_(db)
    history.add(past())

    async def full(_work: object) -> None:
        raise StorageFailed("The disk is full.", cause="full")

    with monkeypatch.context() as patch:
        patch.setattr(db, "write", full)
        with pytest.raises(StorageFailed):
            await history.write()
    await fill(history, 1)
    assert len(await history.page({})) == 2


async def test_a_call_that_is_not_there_is_not_found(db: Database) -> None:
    with pytest.raises(NotFound):
        await open_(db).get("call_1")
    with pytest.raises(NotFound):
        await open_(db).page({}, after="call_1")
