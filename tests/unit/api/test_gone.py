from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message

from serai.api.away import ClientGone, unless_gone
from serai.api.gone import Gone, Receive


async def never() -> Message:
    raise AssertionError("nobody has to ask the connection")


async def test_work_ends_when_the_connection_says_that_its_client_has_gone() -> None:
    gone, begun = Gone(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await asyncio.Event().wait()

    asking = asyncio.create_task(unless_gone(Receive(never, gone), work()))
    await begun.wait()
    gone.tell()
    with pytest.raises(ClientGone):
        await asking


async def test_a_client_that_has_gone_before_is_noticed_too() -> None:
    gone = Gone()
    gone.tell()
    with pytest.raises(ClientGone):
        await unless_gone(Receive(never, gone), asyncio.sleep(3600))


async def test_who_is_told_no_more_is_not_told() -> None:
    gone = Gone()
    await unless_gone(Receive(never, gone), asyncio.sleep(0))
    gone.tell()
    await asyncio.sleep(0)
