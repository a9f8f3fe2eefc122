"""Several calls for one request: the same question asked n times, or several prompts at once."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, TypeVar

from serai.types import Call, Delta, Usage, new_id

T = TypeVar("T")

MOST = 8
"""So many answers to one question at most."""

_SEEDS = 2**32 - 1
_AHEAD = 64
"""So many pieces may wait for a slow reader before their sources are held back."""


def repeated(call: Call, count: int) -> list[Call]:
    """The call `count` times. Each has a seed of its own, which follows from the call's, if that has one: so the same
    request gives the same answers, and they differ."""
    seed = call.settings.get("seed")
    calls = [call]
    for number in range(1, count):
        own = secrets.randbelow(_SEEDS) if seed is None else (seed + number) % _SEEDS
        calls.append(replace(call, settings={**call.settings, "seed": own}, id=new_id("call")))
    return calls


async def together(work: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """All results in their order. The first fault ends all the others, and is raised."""
    if len(work) == 1:
        return [await work[0]]
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await _end(tasks)


async def merged(streams: Sequence[AsyncGenerator[Delta, None]]) -> AsyncGenerator[tuple[int, Delta], None]:
    """The Deltas of all streams as they come, with their stream's number. The first fault ends all the others."""
    ready: asyncio.Queue[tuple[int, Delta] | BaseException | None] = asyncio.Queue(_AHEAD)
    tasks = [asyncio.create_task(_read(number, stream, ready)) for number, stream in enumerate(streams)]
    left = len(tasks)
    try:
        while left:
            found = await ready.get()
            if isinstance(found, BaseException):
                raise found
            if found is None:
                left -= 1
            else:
                yield found
    finally:
        await _end(tasks)


def summed(groups: Sequence[Sequence[Usage]]) -> Usage:
    """One Usage for several answers: of each group, which has one prompt, that prompt counts once."""
    if len(groups) == len(groups[0]) == 1:
        return groups[0][0]
    each = [usage for group in groups for usage in group]
    firsts = [usage.first_token_s for usage in each if usage.first_token_s is not None]
    times = [usage.total_s for usage in each if usage.total_s is not None]
    return replace(
        each[0],
        prompt_tokens=sum(group[0].prompt_tokens for group in groups),
        cached_tokens=sum(group[0].cached_tokens for group in groups),
        completion_tokens=sum(usage.completion_tokens for usage in each),
        first_token_s=min(firsts, default=None),
        total_s=max(times, default=None),
    )


async def _read(number: int, stream: AsyncGenerator[Delta, None], ready: asyncio.Queue[Any]) -> None:
    end: BaseException | None = None
    try:
        async with aclosing(stream):
            async for delta in stream:
                await ready.put((number, delta))
    except Exception as error:
        end = error
    await ready.put(end)


async def _end(tasks: Sequence[asyncio.Future[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
