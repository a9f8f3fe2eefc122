"""Two models that answer at once against one alone: do they share the cores, or collapse each other?

    PYTHONPATH=src python -m bench.threads [--tokens 64] [--rounds 3] [--threads 0]

Each figure is the sum of tokens per second of all models that answer. `idle`: the second was loaded while the first did
nothing, so both have a thread for every core that others leave free; `busy`: while the first was answering, so it has
its share of them."""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path

import orjson

from bench.common import row
from bench.shapes import Gguf
from serai.hosting.pool import Pool
from serai.hosting.worker import Worker
from serai.hub.headers import Headers
from serai.settings import Models
from serai.types import Model


class Bench:
    def __init__(self, path: Path, tokens: int, threads: int) -> None:
        self.path = path
        self.tokens = tokens
        settings = Models(context=1024, parallel=1, threads=threads)
        self.pool = Pool(lambda: settings, environ=os.environ, check=Headers().of)

    def model(self, name: str) -> Model:
        facts = {"format": "gguf", "engine": "llama.cpp", "size": self.path.stat().st_size, "context_length": 1024}
        return Model(name=name, task="text-generation", path=str(self.path), **facts)  # type: ignore[arg-type]

    async def speed(self, *names: str) -> float:
        """Tokens per second of all together, while all of them answer."""
        began = time.perf_counter()
        await asyncio.gather(*(self.answer(name) for name in names))
        return len(names) * self.tokens / (time.perf_counter() - began)

    async def answer(self, name: str) -> None:
        async with self.pool.lease(self.model(name)) as worker:
            await _generate(worker, self.tokens)


async def _generate(worker: Worker, tokens: int) -> None:
    body = orjson.dumps({"prompt": [1, 400, 500], "n_predict": tokens, "ignore_eos": True, "cache_prompt": False})
    async with await worker.process.post("/completion", body) as response:
        await response.read()


async def measure(tokens: int, rounds: int, threads: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Gguf(layers=16, width=1536, heads=24, feed_forward=4096).write(Path(folder) / "m.gguf")
        bench = Bench(path, tokens, threads)
        try:
            await bench.pool.load(bench.model("one"))
            await bench.pool.load(bench.model("idle"))
            async with bench.pool.lease(bench.model("one")):
                await bench.pool.load(bench.model("busy"))
            found: dict[tuple[str, ...], list[float]] = {("one",): [], ("one", "idle"): [], ("one", "busy"): []}
            for _ in range(rounds):
                for names, speeds in found.items():
                    speeds.append(await bench.speed(*names))
            for names, speeds in found.items():
                speeds.sort()
                row(" + ".join(names) + ", tokens/s", speeds[len(speeds) // 2], speeds[0], speeds[-1])
        finally:
            await bench.pool.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0, help="for each; 0 leaves it to Serai")
    args = parser.parse_args()
    asyncio.run(measure(args.tokens, args.rounds, args.threads))


if __name__ == "__main__":
    main()
