"""The ONNX engine in a real process, with a tiny model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.contract.subject import Kit, Subject, local
from tests.fakes.store import folder_model

FIXTURES = Path(__file__).parents[2] / "fixtures" / "onnx"


@asynccontextmanager
async def subject(kit: Kit) -> AsyncIterator[Subject]:
    yield local(kit.make_pool(), folder_model(FIXTURES / "optimum", format="onnx", engine="onnx"))
