"""Downloads that share the connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.fakes.hub import FakeHub
from tests.unit.hub.conftest import context

from serai.hub.fetch.limits import Limits
from serai.jobs.kinds import JobContext

MB = 1 << 20


def wishing(model: str, priority: int, told: list[Any]) -> JobContext:
    job = context(model, told)
    job.priority = priority
    return job


async def test_a_running_download_gives_its_connection_to_a_higher_one(
    hub: FakeHub, fetch: Callable[..., Any], tiny: Path
) -> None:
    hub.files |= {
        f"acme/{name}-GGUF": {f"{name}-Q8_0.gguf": tiny.read_bytes() + name.encode() * MB}
        for name in ("usual", "urgent")
    }
    hub.pace = 0.005
    limits, ended, told = Limits(lambda: 1), list[str](), list[Any]()

    async def run(name: str, priority: int) -> None:
        job = wishing(f"acme/{name}-GGUF", priority, told if name == "usual" else [])
        await fetch(job=job, limits=limits)
        ended.append(name)

    usual = asyncio.ensure_future(run("usual", 0))
    async with asyncio.timeout(60):
        while not any(what[0] for what in told):  # noqa: ASYNC110 - what it tells is a list
            await asyncio.sleep(0.01)
        await asyncio.gather(usual, run("urgent", 10))
    assert ended == ["urgent", "usual"]
    whole = sum(len(data) for name in ("usual", "urgent") for data in hub.files[f"acme/{name}-GGUF"].values())
    assert hub.sent < whole + 2 * MB and "connection lost" not in str(told)
