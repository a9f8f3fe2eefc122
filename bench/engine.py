"""Local models: start, crash detection, what Serai costs over llama.cpp's own socket, and a busy neighbour.

    PYTHONPATH=src python -m bench.engine [MODEL.gguf] [--tokens 128] [--rounds 5] [--streams 1,8]

All figures come from one run on one machine, the two sides of a comparison in turn. Without a model one of 16 MB with
random weights is made."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.fakes import tiny_gguf

from serai.backend import collect
from serai.errors import ModelCrashed
from serai.hosting import launching, wire
from serai.hosting.backend import LocalBackend
from serai.hosting.begun import WORKER
from serai.hosting.fitting import Choice
from serai.hosting.pool import Pool
from serai.hosting.process import ModelProcess
from serai.routing.router import Router
from serai.settings import Models, Settings
from serai.types import CHAT, Call, Model


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


class Bench:
    def __init__(self, path: Path, tokens: int, streams: int) -> None:
        self.model = Model(name="bench", task="text-generation", format="gguf", engine="llama.cpp", path=str(path))
        self.tokens = tokens
        settings = Models(context=2048, parallel=max(streams, 1))
        self.pool = Pool(lambda: settings, environ=os.environ)
        self.nobody = Nobody(self.model)
        self.backend = LocalBackend(self.nobody, self.pool)
        self.router = Router([self.backend], self.nobody, [], Settings)

    def call(self, number: int = 0) -> Call:
        messages = [{"role": "user", "content": f"story number {number}"}]
        settings = {"temperature": 0, "max_tokens": self.tokens, "logit_bias": {"2": -100}}
        return Call(task=CHAT, model="bench", inputs={"messages": messages}, settings=settings)

    async def through_serai(self, number: int) -> int:
        return (await collect(self.router.run(self.call(number)))).usage.completion_tokens

    async def raw(self, number: int) -> int:
        """The least a client can do: read the bytes, and the count at their end."""
        async with self.pool.lease(self.model) as worker:
            body = wire.encode(self.call(number), self.model)
            async with await worker.process.post("/v1/chat/completions", body) as response:
                end = b""
                async for chunk in response.content.iter_any():
                    end = (end + chunk)[-2048:]
                return int(end.split(b'"completion_tokens":')[1].split(b",")[0])

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
    parser.add_argument("model", type=Path, nargs="?")
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--streams", default="1,8")
    options = parser.parse_args()
    counts = [int(count) for count in options.streams.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        made = options.model or tiny_gguf.write(Path(folder) / "random.gguf", context=2048, layers=4, width=320)
        await measure(made, options.tokens, options.rounds, counts)


async def measure(path: Path, tokens: int, rounds: int, counts: list[int]) -> None:
    bench = Bench(path, tokens, max(counts))
    print(f"{path.name}, {path.stat().st_size / 1e6:.1f} MB, load {os.getloadavg()[0]:.2f}")
    show("start to ready", await starts(bench, rounds), "s")
    known, raised = await kills(bench, rounds)
    show("SIGKILL to known", known, "ms", 1e3)
    show("SIGKILL to ModelCrashed in the call", raised, "ms", 1e3)
    await bench.pool.load(bench.model)
    for streams in counts:
        raw, ours = [], []
        for _ in range(rounds):
            raw.append(await bench.rate(bench.raw, streams))
            ours.append(await bench.rate(bench.through_serai, streams))
        show(f"decode, {streams} streams, raw socket", [rate for rate, _ in raw], "tokens/s")
        show(f"decode, {streams} streams, through router and backend", [rate for rate, _ in ours], "tokens/s")
        print(f"{'  ratio of the best of each':<52} {max(ours)[0] / max(raw)[0]:9.3f}")
        show("  processor time in the server per token, raw", [own for _, own in raw], "µs", 1e6)
        show("  processor time in the server per token, Serai", [own for _, own in ours], "µs", 1e6)
    firsts = [await bench.first_token(lambda: bench.router.run(bench.call())) for _ in range(rounds * 4)]
    show("first token through router and backend, cached prompt", firsts, "ms", 1e3)
    await bench.pool.close()
    for policy in ("passive", "active"):
        show(f"decode beside a busy process, {policy} waiting", await beside_busy(bench, policy, rounds), "tokens/s")


async def beside_busy(bench: Bench, policy: str, rounds: int) -> list[float]:
    """Decoding with a thread for every core while another process uses one of them."""
    settings = Models(context=2048, parallel=1, threads=os.cpu_count() or 1)
    command = ("env", f"OMP_WAIT_POLICY={policy}", *WORKER)

    def make(model: Model, settings: Models, choice: Choice | None) -> ModelProcess:
        launch = launching.plan("llama.cpp", model, settings, choice, launching.machine())
        return ModelProcess(launch, environ=os.environ, command=command)

    busy = await asyncio.create_subprocess_exec(sys.executable, "-c", "while True: pass")
    bench.pool = Pool(lambda: settings, launcher=make)
    bench.backend = LocalBackend(bench.nobody, bench.pool)
    bench.tokens = 32
    try:
        calls = [bench.backend.run(bench.call(number)) for number in range(rounds)]
        return [(await collect(call)).usage.tokens_per_second or 0.0 for call in calls]
    finally:
        await bench.pool.close()
        busy.kill()
        await busy.wait()


if __name__ == "__main__":
    asyncio.run(main())
