"""Replicate before its twin on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.contract.subject import Kit, Subject
from tests.fakes.replicate_service import FakeReplicate, serving
from tests.fakes.service import KEY

from serai.providers.declaration import ProviderConfig, open_backend


@asynccontextmanager
async def subject(kit: Kit) -> AsyncIterator[Subject]:
    async with serving(FakeReplicate()) as service:
        backend = open_backend("replicate", ProviderConfig("shore", service.url, (KEY,)))
        model = (await backend.models())[0]

        async def at_work() -> int:
            return service.active

        yield Subject(backend=backend, model=model, at_work=at_work, untouched=lambda: not service.asked)
        await backend.close()
