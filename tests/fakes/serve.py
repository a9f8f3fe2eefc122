"""A server over a scripted model: `python -m tests.fakes.serve HOME SOCKET [TOKENS]`.

Without TOKENS the model counts for ever, a number every millisecond or so: made to be killed. With TOKENS it says so
many words as fast as it is read: made to be measured; with -1 it begins and then is silent. SOCKET is a path, or a
port on loopback."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import uvicorn
from tests.fakes import services
from tests.fakes.scripted import ScriptedBackend

from serai.app import build_app
from serai.types import Answerer, Call, Delta, Usage


class Counting(ScriptedBackend):
    """Says numbers: `tokens` of them at once, or without end and slowly."""

    def __init__(self, tokens: int | None) -> None:
        super().__init__()
        self.tokens = tokens

    async def run(self, call: Call) -> AsyncGenerator[Delta, None]:
        yield Delta(answerer=Answerer(model=call.model, backend=self.name))
        if self.tokens is not None and self.tokens < 0:
            await asyncio.Event().wait()
        for number in itertools.count(1) if self.tokens is None else range(1, self.tokens + 1):
            yield Delta(text=f"{number} ")
            if self.tokens is None:
                await asyncio.sleep(0.001)
            elif number % 8 == 0:
                await asyncio.sleep(0)  # a real model's tokens come in small packets
        yield Delta(finish="stop", usage=Usage(prompt_tokens=1, completion_tokens=self.tokens or 0))


def main(home: str, where: str, tokens: str | None = None) -> None:
    app = build_app(services.build(Path(home), Counting(int(tokens) if tokens else None)))
    place = {"host": "127.0.0.1", "port": int(where)} if where.isdigit() else {"uds": where}
    uvicorn.run(app, log_config=None, access_log=False, **place)  # type: ignore[arg-type]


if __name__ == "__main__":
    main(*sys.argv[1:])
