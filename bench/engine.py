"""Measures local models: start, crash detection, and what Serai costs over llama.cpp's own socket.

    PYTHONPATH=src python bench/engine.py MODEL.gguf [--tokens 128] [--rounds 5] [--streams 1,8]

All figures come from one run on one machine, raw and through Serai in turn on the same process."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from serai.backend import collect
from serai.errors import ModelCrashed
from serai.hosting import wire
from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool
from serai.routing.router import Router
from serai.settings import Models, Settings
from serai.types import CHAT, Call, Model, Usage


class Nobody:
    """Store, events and metrics that cost nothing, so that only the path itself is measured."""

    def __init__(self, model: Model) -> None:
        self.model = model

    async def models(self) -> list[Model]:
        return [self.model]

    async def find(self, _name: str) -> Model:
        return self.model

    async def touch(self, _name: str) -> None: ...

    def publish(self, topic: str, data: Any) -> None: ...

    def call_finished(self, model: str, backend: str, status: str, usage: Usage) -> None: ...


class Bench:
    def __init__(self, path: Path, tokens: int, streams: int) -> None:
        self.model = Model(name="bench", task="text-generation", format="gguf", engine="llama.cpp", path=str(path))
        self.tokens = tokens
        settings = Models(context=2048, parallel=max(streams, 1))
        self.pool = Pool(lambda: settings, environ=os.environ)
        nobody = Nobody(self.model)
        self.backend = LocalBackend(nobody, self.pool)
        self.router = Router([self.backend], nobody, nobody, Settings)

    def call(self, number: int = 0) -> Call:
        messages = [{"role": "user", "content": f"story number {number}"}]
        settings = {"temperature": 0, "max_tokens": self.tokens, "logit_bias": {"2": -100}}
        return Call(task=CHAT, model="bench", inputs={"messages": messages}, settings=settings)

    async def through_serai(self, number: int) -> int:
        return (await collect(self.router.run(self.call(number)))).usage.completion_tokens

    async def raw(self, number: int) -> int:
        """The least a client can do: read the bytes and look for the end."""
        async with self.pool.lease(self.model) as worker:
            body = wire.encode(self.call(number), self.model)
            async with await worker.process.post("/v1/chat/completions", body) as response:
                return sum([chunk.count(b'"content":"') async for chunk in response.content.iter_any()])

    async def rate(self, run: Callable[[int], Awaitable[int]], streams: int) -> tuple[float, float]:
        """Tokens per second of all streams together, and this process's own processor time per token."""
        began, own = time.perf_counter(), time.process_time()
        tokens = sum(await asyncio.gather(*(run(number) for number in range(streams))))
        return tokens / (time.perf_counter() - began), (time.process_time() - own) / tokens

    async def first_token(self, run: Callable[[], Any]) -> float:
        began = time.perf_counter()
        stream = run()
        await anext(stream)
        taken = time.perf_counter() - began
        await stream.aclose()
        return taken


async def starts(bench: Bench, rounds: int) -> list[float]:
    taken = []
    for _ in range(rounds):
        await bench.pool.unload("bench")
        began = time.perf_counter()
        await bench.pool.load(bench.model)
        taken.append(time.perf_counter() - began)
    return taken


async def kills(bench: Bench, rounds: int) -> tuple[list[float], list[float]]:
    """From SIGKILL to the pool's knowing, and to ModelCrashed in a call that was streaming."""
    known, raised = [], []
    for _ in range(rounds):
        await bench.pool.load(bench.model)
        async with bench.pool.lease(bench.model) as worker:
            stream = bench.router.run(bench.call())
            await anext(stream)
            began = time.perf_counter()
            gone = asyncio.create_task(worker.process.gone.wait())
            gone.add_done_callback(lambda _: known.append(time.perf_counter() - began))  # noqa: B023
            os.kill(worker.process.pid, signal.SIGKILL)
            try:
                async for _ in stream:
                    pass
            except ModelCrashed:
                raised.append(time.perf_counter() - began)
    return known, raised


def show(what: str, values: list[float], unit: str, scale: float = 1.0) -> None:
    values = sorted(value * scale for value in values)
    middle = statistics.median(values)
    print(f"{what:<52} {middle:9.2f} {unit}   ({values[0]:.2f} to {values[-1]:.2f}, n={len(values)})")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--streams", default="1,8")
    options = parser.parse_args()
    counts = [int(count) for count in options.streams.split(",")]
    bench = Bench(options.model, options.tokens, max(counts))
    print(f"{options.model.name}, {options.model.stat().st_size / 1e6:.1f} MB, load {os.getloadavg()[0]:.2f}")
    show("start to ready", await starts(bench, options.rounds), "s")
    known, raised = await kills(bench, options.rounds)
    show("SIGKILL to known", known, "ms", 1e3)
    show("SIGKILL to ModelCrashed in the call", raised, "ms", 1e3)
    await bench.pool.load(bench.model)
    for streams in counts:
        raw, ours = [], []
        for _ in range(options.rounds):
            raw.append(await bench.rate(bench.raw, streams))
            ours.append(await bench.rate(bench.through_serai, streams))
        show(f"decode, {streams} streams, raw socket", [rate for rate, _ in raw], "tokens/s")
        show(f"decode, {streams} streams, through router and backend", [rate for rate, _ in ours], "tokens/s")
        print(f"{'  ratio of the best of each':<52} {max(ours)[0] / max(raw)[0]:9.3f}")
        show("  processor time in the server per token, raw", [own for _, own in raw], "µs", 1e6)
        show("  processor time in the server per token, Serai", [own for _, own in ours], "µs", 1e6)
    firsts = [await bench.first_token(lambda: bench.router.run(bench.call())) for _ in range(options.rounds * 4)]
    show("first token through router and backend, cached prompt", firsts, "ms", 1e3)
    await bench.pool.close()


if __name__ == "__main__":
    asyncio.run(main())
