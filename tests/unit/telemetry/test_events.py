from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from serai.telemetry.events import Event, Events


async def take(stream: AsyncGenerator[Event, None], count: int) -> list[Event]:
    return [await asyncio.wait_for(anext(stream), 5) for _ in range(count)]


async def test_a_subscriber_gets_what_comes_after_it_asked() -> None:
    events = Events()
    events.publish("model", {"name": "before"})
    stream = events.subscribe()
    events.publish("model", {"name": "a"})
    events.publish("job", {"id": "b"})
    assert [(e.topic, dict(e.data)) for e in await take(stream, 2)] == [("model", {"name": "a"}), ("job", {"id": "b"})]


async def test_a_waiting_subscriber_wakes() -> None:
    events = Events()
    waiting = asyncio.create_task(take(events.subscribe(), 1))
    await asyncio.sleep(0)
    events.publish("model", {"name": "a"})
    assert (await waiting)[0].topic == "model"


async def test_every_subscriber_gets_every_event_in_order() -> None:
    events = Events()
    streams = [events.subscribe() for _ in range(3)]
    for number in range(50):
        events.publish("n", {"n": number})
    for stream in streams:
        assert [e.data["n"] for e in await take(stream, 50)] == list(range(50))


async def test_coming_back_with_the_last_id_misses_nothing() -> None:
    events = Events()
    stream = events.subscribe()
    events.publish("n", {"n": 1})
    (last,) = await take(stream, 1)
    await stream.aclose()
    events.publish("n", {"n": 2})
    assert [e.data for e in await take(events.subscribe(last.id), 1)] == [{"n": 2}]


@pytest.mark.parametrize("after", ["", "other-1", "junk", "-", "{boot}-2", "{boot}-x", "{boot}--1", "{boot}-²"])
async def test_an_unknown_id_gives_reset_first(after: str) -> None:
    events = Events()
    stream = events.subscribe()
    events.publish("n", {})
    boot = (await take(stream, 1))[0].id.partition("-")[0]
    stream = events.subscribe(after.format(boot=boot))
    events.publish("n", {"n": "new"})
    assert (await take(stream, 1))[0].topic == "reset"


async def test_after_a_reset_its_id_is_a_place_to_come_back_to() -> None:
    events = Events()
    (reset,) = await take(events.subscribe("unknown-7"), 1)
    events.publish("n", {"n": 1})
    assert [e.data for e in await take(events.subscribe(reset.id), 1)] == [{"n": 1}]


async def test_the_oldest_kept_event_is_still_sent_and_the_one_before_is_not() -> None:
    events = Events(ring=3)
    stream = events.subscribe()
    events.publish("n", {"n": 0})
    first = (await take(stream, 1))[0].id
    for number in range(1, 4):
        events.publish("n", {"n": number})
    assert [e.data["n"] for e in await take(events.subscribe(first), 3)] == [1, 2, 3]
    events.publish("n", {"n": 4})
    assert (await take(events.subscribe(first), 1))[0].topic == "reset"


async def test_a_slow_subscriber_gets_reset_and_goes_on_from_there() -> None:
    events = Events(ring=10)
    stream = events.subscribe()
    for number in range(1_000):
        events.publish("n", {"n": number})
    (reset,) = await take(stream, 1)
    events.publish("n", {"n": "next"})
    assert (reset.topic, (await take(stream, 1))[0].data) == ("reset", {"n": "next"})


async def test_nobody_makes_the_server_grow() -> None:
    events = Events(ring=10)
    streams = [events.subscribe() for _ in range(20)]
    for number in range(1_000):
        events.publish("n", {"n": number})
    assert len(events._ring) == 10
    assert [(await take(stream, 1))[0].topic for stream in streams] == ["reset"] * 20


async def test_a_subscriber_that_leaves_is_forgotten() -> None:
    events = Events()
    waiting = asyncio.create_task(take(events.subscribe(), 1))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not events._wakes


async def test_closing_ends_every_stream() -> None:
    events = Events()
    waiting = asyncio.create_task(anext(events.subscribe(), None))
    await asyncio.sleep(0)
    events.close()
    assert await waiting is None
