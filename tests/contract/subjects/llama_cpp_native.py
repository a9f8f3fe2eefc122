"""A native llama-server in a real process, with a tiny model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.contract.subject import Kit, Subject, local
from tests.fakes import llama_server
from tests.fakes.store import gguf_model


@asynccontextmanager
async def subject(kit: Kit) -> AsyncIterator[Subject]:
    if not (program := llama_server.real()):
        pytest.skip("no llama-server is here: name one with SERAI_TEST_LLAMA_SERVER")
    yield local(kit.make_pool(llama_server=program, home=kit.folder / "home"), gguf_model(kit.tiny))
