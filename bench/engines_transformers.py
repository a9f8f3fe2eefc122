"""The transformers engine: tokens per second of one caller and of several at once, and the prompt cache of a chat.

    PYTHONPATH=src:. python -m bench.engines_transformers [FOLDER] [--tokens 64] [--rounds 3] [--streams 8]

Needs the extra `torch`, and says so where it is not here. Without a folder, a Llama of random weights is made. One by
one and at once are measured in turn, in one run."""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import statistics
import tempfile
import time
from pathlib import Path

from tests.fakes import tiny_folder

from serai.backend import collect
from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool
from serai.settings import Models
from serai.types import CHAT, Call, Model, Result

SHAPE = {"hidden_size": 640, "intermediate_size": 1792, "num_hidden_layers": 12, "num_attention_heads": 10}
SHAPE |= {"num_key_value_heads": 5, "max_position_embeddings": 4096, "initializer_range": 0.05}
WORDS = "the cat sat on the mat "


class Bench:
    def __init__(self, folder: Path, tokens: int, streams: int) -> None:
        facts = {"format": "safetensors", "engine": "transformers", "context_length": 4096}
        self.model = Model(name="bench", task="text-generation", path=str(folder), **facts)  # type: ignore[arg-type]
        settings = Models(context=2048, parallel=streams, load_timeout_s=600)
        self.pool = Pool(lambda: settings, environ=os.environ)
        self.backend = LocalBackend(self, self.pool, "transformers")  # type: ignore[arg-type]
        self.tokens, self.streams = tokens, streams

    async def models(self) -> list[Model]:
        return [self.model]

    async def find(self, _name: str) -> Model:
        return self.model

    async def touch(self, _name: str) -> None: ...

    async def ask(self, *texts: str, tokens: int) -> Result:
        messages = [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(texts)]
        settings = {"temperature": 0, "max_tokens": tokens}
        return await collect(
            self.backend.run(Call(task=CHAT, model="bench", inputs={"messages": messages}, settings=settings))
        )

    async def one_by_one(self) -> float:
        began = time.perf_counter()
        made = [await self.ask(f"{n} {WORDS}", tokens=self.tokens) for n in range(self.streams)]
        return sum(one.usage.completion_tokens for one in made) / (time.perf_counter() - began)

    async def at_once(self) -> float:
        began = time.perf_counter()
        made = await asyncio.gather(*(self.ask(f"{n} {WORDS}", tokens=self.tokens) for n in range(self.streams)))
        return sum(one.usage.completion_tokens for one in made) / (time.perf_counter() - began)

    async def turns(self, count: int) -> list[tuple[int, int, float]]:
        """For each turn of a growing chat: prompt tokens, those of them cached, and seconds until the answer."""
        texts, told = [WORDS * 8], []
        for _ in range(count):
            began = time.perf_counter()
            made = await self.ask(*texts, tokens=1)
            usage = made.usage
            told.append((usage.prompt_tokens, usage.cached_tokens, time.perf_counter() - began))
            texts += [WORDS * 3, WORDS]
        return told


def show(what: str, values: list[float]) -> float:
    middle = statistics.median(values)
    print(f"{what:<36} {middle:8.1f} tokens/s   ({min(values):.1f} to {max(values):.1f}, n={len(values)})")
    return middle


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--streams", type=int, default=8)
    options = parser.parse_args()
    if importlib.util.find_spec("torch") is None:
        print("left out: pip install 'serai[torch]'")
        return
    with tempfile.TemporaryDirectory() as made:
        folder = options.folder or tiny_folder.write(Path(made) / "random", **SHAPE)
        bench = Bench(folder, options.tokens, options.streams)
        try:
            await measure(bench, options.rounds)
        finally:
            await bench.pool.close()


async def measure(bench: Bench, rounds: int) -> None:
    began = time.perf_counter()
    await bench.pool.load(bench.model)
    running = bench.pool.running()[0]
    print(f"load {time.perf_counter() - began:.1f} s, {running.memory / 1e6:.0f} MB, load {os.getloadavg()[0]:.1f}")
    await bench.ask("warm", tokens=4)
    alone, together = [], []
    for _ in range(rounds):
        alone.append(await bench.one_by_one())
        together.append(await bench.at_once())
    ratio = show(f"{bench.streams} at once", together) / show("one by one", alone)
    print(f"{'at once over one by one':<36} {ratio:8.2f}")
    for number, (prompt, cached, seconds) in enumerate(await bench.turns(6), 1):
        print(
            f"turn {number}: {prompt:5d} prompt tokens, {cached:5d} cached, {seconds * 1e3:7.1f} ms to the first token"
        )


if __name__ == "__main__":
    asyncio.run(main())
