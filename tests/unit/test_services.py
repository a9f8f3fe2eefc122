from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.services import FakePool, FakeStore

from serai import services, wiring
from serai.errors import LoadFailed
from serai.settings import SettingsFile
from serai.types import Model

RAN = ["a", "gone", "broken", "b"]


class Returning(FakePool):
    """Loads one model after another; `seen` is what was remembered when each was ready."""

    def __init__(self, owner: services.Services) -> None:
        super().__init__()
        self.owner = owner
        self.order: list[str] = []
        self.seen: list[list[str]] = []

    def loaded(self) -> list[str]:
        return self.order[::-1]

    async def load(self, model: Model) -> None:
        if model.name == "broken":
            raise LoadFailed("It is broken.", cause="truncated")
        self.order.append(model.name)
        self.owner.model_changed("model", {"state": "ready"})
        await asyncio.gather(*(task for task in self.owner._tasks if task is not asyncio.current_task()))
        self.seen.append(await self.owner.memory.get("running"))

    async def close(self) -> None:
        pass


@pytest.fixture
def built(tmp_path: Path) -> Any:
    built = wiring.build(SettingsFile(tmp_path / "home", {"SERAI_MODELS_MAX_LOADED": "4"}))
    built.store = FakeStore(*(Model(name=name, task="text-generation") for name in ("a", "broken", "b")))  # type: ignore[assignment]
    built.pool = Returning(built)  # type: ignore[assignment]
    return built


async def test_the_models_that_ran_return_and_none_is_forgotten_meanwhile(built: Any) -> None:
    await built.memory.set("running", RAN)
    await built._preload()
    assert built.pool.order == ["a", "b"]
    assert built.pool.seen[0] == ["a", "gone", "broken", "b"]
    assert built.pool.seen[-1] == ["b", "a"]
    await built.close()
