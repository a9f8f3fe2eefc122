"""Ollama on another machine, before a twin on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.contract.subject import Kit, Subject
from tests.fakes.ollama_service import FakeOllama, serving

from serai.providers.declaration import ProviderConfig
from serai.providers.ollama import Ollama
from serai.types import Model


class _One(Ollama):
    """The suite expects a single model."""

    async def models(self) -> Sequence[Model]:
        return [model for model in await super().models() if model.name == "shore/tiny"]


@asynccontextmanager
async def subject(kit: Kit) -> AsyncIterator[Subject]:
    async with serving(FakeOllama()) as service:
        backend = _One(ProviderConfig("shore", service.url))
        model = (await backend.models())[0]

        async def at_work() -> int:
            return service.active

        yield Subject(backend=backend, model=model, at_work=at_work, untouched=lambda: not service.asked)
        await backend.close()
