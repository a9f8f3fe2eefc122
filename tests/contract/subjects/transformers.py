"""The transformers engine in a real process, with a tiny model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.contract.subject import Kit, Subject, local
from tests.fakes import tiny_folder
from tests.fakes.store import folder_model


@asynccontextmanager
async def subject(kit: Kit) -> AsyncIterator[Subject]:
    pytest.importorskip("torch", reason="the extra 'torch' is not installed")
    yield local(kit.make_pool(), folder_model(tiny_folder.write(kit.folder / "tiny")))
