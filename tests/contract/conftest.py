"""What every Backend is tested with: the real engine in a real process, and a process by script."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.store import FakeStore, gguf_model
from tests.fakes.waiting import until

from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool
from serai.hosting.process import ModelProcess
from serai.registry import Launch
from serai.settings import Models
from serai.types import CHAT, Call, Model

UPSTREAM = (sys.executable, str(Path(__file__).parents[1] / "fakes" / "upstream.py"))


def by_script(model: Model, settings: Models) -> ModelProcess:
    """A launcher for models whose file is a script for the fake upstream."""
    launch = Launch(engine=model.engine, model=model.name, path=str(model.path), parallel=settings.parallel)
    return ModelProcess(launch, environ={}, command=UPSTREAM)


def write_script(path: Path, *steps: dict[str, Any], **more: Any) -> Path:
    path.write_text(json.dumps({"steps": steps, **more}), "utf-8")
    return path


@dataclass
class Subject:
    """A backend under test, and how to look into its source from outside."""

    backend: LocalBackend
    pool: Pool
    model: Model

    def chat(self, text: str = "hello", **settings: Any) -> Call:
        messages = [{"role": "user", "content": text}]
        return Call(
            task=CHAT, model=self.model.name, inputs={"messages": messages}, settings={"temperature": 0, **settings}
        )

    async def at_work(self) -> int:
        """How many streams the source is working on, as it says itself."""
        async with self.pool.lease(self.model) as worker:
            return sum(slot["is_processing"] for slot in await worker.process.get("/slots"))

    async def rests_within(self, seconds: float) -> bool:
        return await until(self.rests, seconds)

    async def rests(self) -> bool:
        return await self.at_work() == 0


@pytest.fixture(params=["llama.cpp", "script"])
def subject(request: pytest.FixtureRequest, make_pool: Callable[..., Pool], tiny: Path, tmp_path: Path) -> Subject:
    """A backend that answers any chat with many tokens."""
    if request.param == "llama.cpp":
        pool, model = make_pool(), gguf_model(tiny)
    else:
        path = write_script(tmp_path / "script.json", *[{"text": "word "}] * 24)
        pool, model = make_pool(launcher=by_script), gguf_model(path)
    return Subject(LocalBackend(FakeStore(model), pool), pool, model)


@pytest.fixture
def scripted(make_pool: Callable[..., Pool], tmp_path: Path) -> Callable[..., Subject]:
    """Makes a backend whose process follows the given steps."""

    def make(*steps: dict[str, Any], **more: Any) -> Subject:
        pool = make_pool(launcher=by_script)
        model = gguf_model(write_script(tmp_path / "script.json", *steps, **more))
        return Subject(LocalBackend(FakeStore(model), pool), pool, model)

    return make
