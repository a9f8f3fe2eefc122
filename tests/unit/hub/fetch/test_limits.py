from __future__ import annotations

import asyncio

import pytest

from serai.hub.fetch import limits
from serai.hub.fetch.limits import Limits


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(limits.time, "monotonic", clock.monotonic)
    monkeypatch.setattr(limits.asyncio, "sleep", clock.sleep)
    return clock


async def test_all_together_keep_to_the_rate(clock: Clock) -> None:
    both = Limits(rate=lambda: 1000.0)
    for _ in range(100):
        await both.spend(100)
    assert 9.5 <= clock.now - 100 <= 10.1


async def test_without_a_limit_nobody_waits(clock: Clock) -> None:
    await Limits().spend(1 << 40)
    assert clock.now == 100


def test_a_slow_rate_is_read_in_small_steps() -> None:
    assert Limits(rate=lambda: 100_000.0).chunk(1 << 20) == 25_000
    assert Limits().chunk(1 << 20) == 1 << 20


async def test_no_more_connections_than_allowed() -> None:
    open_, most = 0, 0
    both = Limits(lambda: 3)

    async def work() -> None:
        nonlocal open_, most
        async with both.connection():
            open_ += 1
            most = max(most, open_)
            await asyncio.sleep(0)
            open_ -= 1

    await asyncio.gather(*(work() for _ in range(20)))
    assert (most, open_) == (3, 0)


async def test_the_highest_priority_gets_the_next_connection() -> None:
    both, order, wish = Limits(lambda: 1), [], {"late": 0}
    done = asyncio.Event()

    async def work(name: str) -> None:
        async with both.connection(lambda: wish.get(name, 0)):
            order.append(name)
            await done.wait()

    tasks = [asyncio.ensure_future(work(name)) for name in ("first", "second", "late")]
    await asyncio.sleep(0)
    wish["late"] = 10  # it changes while it waits
    done.set()
    await asyncio.gather(*tasks)
    assert order == ["first", "late", "second"]


async def test_who_gives_up_waiting_holds_nobody_up() -> None:
    both, done = Limits(lambda: 1), asyncio.Event()

    async def work(priority: int) -> None:
        async with both.connection(lambda: priority):
            await done.wait()

    first, gone, last = [asyncio.ensure_future(work(priority)) for priority in (0, 5, 0)]
    await asyncio.sleep(0)
    gone.cancel()
    done.set()
    async with asyncio.timeout(20):
        await asyncio.gather(first, last)
