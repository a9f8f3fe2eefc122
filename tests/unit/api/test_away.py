from __future__ import annotations

import asyncio
from typing import Any

import pytest

from serai.api.away import ClientGone, unless_gone


class Client:
    def __init__(self) -> None:
        self.gone = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}


async def value() -> int:
    await asyncio.sleep(0)
    return 42


async def test_the_result_comes_back() -> None:
    assert await unless_gone(Client().receive, value()) == 42


async def test_work_ends_when_the_client_goes() -> None:
    client, ended = Client(), asyncio.Event()

    async def work() -> None:
        try:
            client.gone.set()
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(ClientGone):
        await unless_gone(client.receive, work())
    assert ended.is_set()
    assert not asyncio.current_task().cancelling()  # type: ignore[union-attr]


async def test_another_cancellation_stays_one() -> None:
    task = asyncio.create_task(unless_gone(Client().receive, asyncio.Event().wait()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_client_who_goes_with_the_result_does_no_harm() -> None:
    client = Client()
    client.gone.set()

    async def at_once() -> int:
        return 42

    assert await unless_gone(client.receive, at_once()) == 42
    await asyncio.sleep(0)


async def test_errors_of_the_work_are_raised() -> None:
    async def broken() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await unless_gone(Client().receive, broken())
