from __future__ import annotations

import asyncio
import threading

import pytest

from serai.hub.fetch.writing import Writing


class Disk:
    """Each write takes so long by its clock; `threads` tells where they were done."""

    def __init__(self, takes: float) -> None:
        self.takes, self.now = takes, 0.0
        self.threads: list[threading.Thread] = []

    def clock(self) -> float:
        return self.now

    def write(self) -> None:
        self.now += self.takes
        self.threads.append(threading.current_thread())


async def test_a_quick_disk_is_written_to_at_once() -> None:
    disk = Disk(0.0001)
    writing = Writing(disk.clock)
    for _ in range(3):
        await writing.do(disk.write)
    assert set(disk.threads) == {threading.current_thread()}


async def test_a_slow_disk_holds_up_nobody_until_it_is_tried_again() -> None:
    disk = Disk(0.1)
    writing = Writing(disk.clock)
    for _ in range(3):
        await writing.do(disk.write)
    disk.now += 60
    await writing.do(disk.write)
    assert [thread is threading.current_thread() for thread in disk.threads] == [True, False, False, True]


async def test_a_write_that_has_begun_ends_before_its_caller_does() -> None:
    disk, begun, go = Disk(0.1), threading.Event(), threading.Event()
    writing = Writing(disk.clock)
    await writing.do(disk.write)

    def slowly() -> None:
        begun.set()
        go.wait(10)
        disk.write()

    work = asyncio.ensure_future(writing.do(slowly))
    await asyncio.to_thread(begun.wait, 10)
    work.cancel()
    asyncio.get_running_loop().call_later(0.01, go.set)
    with pytest.raises(asyncio.CancelledError):
        await work
    assert len(disk.threads) == 2
