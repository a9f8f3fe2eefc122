from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from serai.jobs.kinds import JobContext
from serai.jobs.rows import Job
from serai.jobs.runner import Jobs


class Scripted:
    """A kind whose work is the function it is given."""

    def __init__(self, work: Callable[[JobContext], Awaitable[dict[str, Any]]], kind: str = "scripted") -> None:
        self.kind = kind
        self._work = work

    async def run(self, job: JobContext) -> dict[str, Any]:
        return await self._work(job)


class Gate:
    """Work that says that it began and ends when it is let go."""

    kind = "gate"

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.stopped: list[tuple[str, str | None]] = []
        self.running = 0
        self.most = 0
        self.open = asyncio.Event()

    async def run(self, job: JobContext) -> dict[str, Any]:
        self.begun.append(job.id)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.stopped.append((job.id, job.stopping))
            raise
        finally:
            self.running -= 1
        return {"let": "go"}


async def until(condition: Callable[[], bool | Awaitable[bool]], seconds: float = 20) -> None:
    """Returns when the condition holds; fails after the deadline."""
    async with asyncio.timeout(seconds):
        while True:
            result = condition()
            if result if isinstance(result, bool) else await result:
                return
            await asyncio.sleep(0.01)


async def ended(jobs: Jobs, job_id: str, state: str) -> Job:
    async def there() -> bool:
        return (await jobs.get(job_id))["state"] == state

    await until(there)
    return await jobs.get(job_id)


Begin = Callable[..., Awaitable[Jobs]]
