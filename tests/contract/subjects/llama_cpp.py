"""llama.cpp in a real process, with a tiny model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.contract.subject import Kit, Subject, local
from tests.fakes.store import gguf_model


@asynccontextmanager
async def subject(kit: Kit) -> AsyncIterator[Subject]:
    yield local(kit.make_pool(), gguf_model(kit.tiny))
