"""A server whose model never ends: `python -m tests.fakes.serve HOME SOCKET`. Made to be killed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import uvicorn
from tests.fakes import services
from tests.fakes.scripted import ScriptedBackend

from serai.app import build_app
from serai.types import Answerer, Call, Delta


class Endless(ScriptedBackend):
    """Counts, a number every millisecond or so."""

    async def run(self, call: Call) -> AsyncGenerator[Delta, None]:
        yield Delta(answerer=Answerer(model=call.model, backend=self.name))
        number = 0
        while True:
            number += 1
            yield Delta(text=f"{number} ")
            await asyncio.sleep(0.001)


if __name__ == "__main__":
    app = build_app(services.build(Path(sys.argv[1]), Endless()))
    uvicorn.run(app, uds=sys.argv[2], log_config=None)
