"""What the contract suite needs to know of a backend under test."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes.store import FakeStore
from tests.fakes.waiting import until

from serai.backend import Backend
from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool
from serai.types import CHAT, Call, Model


@dataclass(frozen=True, kw_only=True)
class Kit:
    """What a subject may be made of: pools of real processes, a tiny GGUF file, an empty folder."""

    make_pool: Callable[..., Pool]
    tiny: Path
    folder: Path


@dataclass(kw_only=True)
class Subject:
    """A backend that answers any chat with more than 24 tokens, if it is let. `at_work` is how many answers its
    source is working on, as the source itself says; `untouched`, whether it was not asked for anything yet."""

    backend: Backend
    model: Model
    at_work: Callable[[], Awaitable[int]]
    untouched: Callable[[], bool]

    def chat(self, text: str = "hello", **settings: Any) -> Call:
        inputs = {"messages": [{"role": "user", "content": text}]}
        return Call(task=CHAT, model=self.model.name, inputs=inputs, settings={"temperature": 0, **settings})

    async def rests_within(self, seconds: float) -> bool:
        async def resting() -> bool:
            return await self.at_work() == 0

        return await until(resting, seconds)


@dataclass(kw_only=True)
class LocalSubject(Subject):
    """A model's process under test, with its pool."""

    pool: Pool


def local(pool: Pool, model: Model) -> LocalSubject:
    """A model of this machine as a subject."""

    async def at_work() -> int:
        async with pool.lease(model) as worker:
            return sum(slot["is_processing"] for slot in await worker.process.get("/slots"))

    backend = LocalBackend(FakeStore(model), pool, model.engine)
    return LocalSubject(
        backend=backend, model=model, at_work=at_work, untouched=lambda: pool.running() == [], pool=pool
    )
