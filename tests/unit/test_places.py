"""Places: who waits, in which order, and what a cancel in any moment leaves behind."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from serai.errors import Busy
from serai.places import Places
from serai.types import CHAT, Call, Priority, Wishes


def call(priority: Priority = "normal") -> Call:
    return Call(task=CHAT, model="m", inputs={}, wishes=Wishes(priority=priority))


async def test_the_first_go_in_and_the_others_wait_in_order() -> None:
    places, order = Places("m", lambda: 2), list[str]()

    async def work(name: str, one: Call) -> None:
        async with places.place(one):
            order.append(name)

    async with AsyncExitStack() as held:
        await held.enter_async_context(places.place(call()))
        await held.enter_async_context(places.place(call()))
        waiting = [call("low"), call(), call("high")]
        tasks = [asyncio.create_task(work(one.wishes.priority, one)) for one in waiting]
        await asyncio.sleep(0)
        assert [one.course.waiting.position for one in waiting if one.course.waiting] == [3, 2, 1]
        assert order == []
    await asyncio.gather(*tasks)
    assert order == ["high", "normal", "low"]
    assert places.running == len(places) == 0 and all(one.course.waiting is None for one in waiting)


async def test_what_has_waited_long_goes_before_what_is_more_urgent(monkeypatch: pytest.MonkeyPatch) -> None:
    places = Places("m", lambda: 1)
    now = 1000.0
    monkeypatch.setattr("serai.places.time.monotonic", lambda: now)
    async with places.place(call()):
        old, new = call("low"), call("high")
        first = asyncio.create_task(places.place(old).__aenter__())
        await asyncio.sleep(0)
        now += 121.0
        second = asyncio.create_task(places.place(new).__aenter__())
        await asyncio.sleep(0)
        assert old.course.waiting and old.course.waiting.position == 1
    await first
    assert not second.done()
    second.cancel()
    await asyncio.wait({second})


async def test_who_goes_away_while_waiting_takes_no_place() -> None:
    places = Places("m", lambda: 1)
    async with places.place(call()):
        task = asyncio.create_task(places.place(call()).__aenter__())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        assert len(places) == 0
    assert places.running == 0


async def test_who_goes_away_just_as_the_place_is_given_passes_it_on() -> None:
    places = Places("m", lambda: 1)
    async with AsyncExitStack() as held:
        await held.enter_async_context(places.place(call()))
        both = places.place(call()), places.place(call())
        first, second = (asyncio.create_task(one.__aenter__()) for one in both)
        await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait({first, second})
    assert second.exception() is None and places.running == 1


async def test_too_many_are_refused_with_the_time_that_it_should_take() -> None:
    places = Places("box", lambda: 1, lambda: 1)
    async with places.place(call()):
        task = asyncio.create_task(places.place(call()).__aenter__())
        await asyncio.sleep(0)
        with pytest.raises(Busy, match="1 calls wait for box already") as caught:
            await places.place(call()).__aenter__()
        assert caught.value.retry_after >= 1
        task.cancel()
        await asyncio.wait({task})


async def test_without_a_limit_nobody_waits() -> None:
    places = Places("m", lambda: None)
    async with AsyncExitStack() as held:
        for _ in range(50):
            await held.enter_async_context(places.place(call()))
    assert places.running == 0
