"""llama.cpp through Serai's HTTP against its own server by hand: decoding, prompts, chats, loading, many models.

    PYTHONPATH=src python -m bench.engines --model MODEL.gguf [--native LLAMA-SERVER] [--only decode,turns] [--rounds 3]

Both sides run with the same settings and in turn, so that what else the machine does meets both. Without --native only
the wheel's server is measured; without a model, one of 16 MB with random weights."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
from tests.fakes import tiny_gguf

from bench import copier
from bench.sides import CONTEXT, Ask, as_it_comes, by_hand, chat, serai
from serai.hosting import launching
from serai.hosting.begun import Spare
from serai.hosting.pool import Pool
from serai.hub.headers import Headers
from serai.settings import Models
from serai.types import Model

WORDS = ["caravan", "inn", "road", "desert", "well", "star", "camel", "trade", "rest", "night", "fire", "song"]
WORDS += ["water", "bread", "salt", "gold"]


async def decode(ask: Ask, streams: int, tokens: int) -> float:
    """Tokens a second of all streams together, their short prompts included."""
    began = time.perf_counter()
    bodies = [chat(f"{WORDS[n]} story", tokens) for n in range(streams)]
    answers = await asyncio.gather(*(ask(body) for body in bodies))
    return float(sum(answer["completion_tokens"] for answer in answers) / (time.perf_counter() - began))


async def prompt(ask: Ask, number: int) -> float:
    """Prompt tokens a second, of a prompt that was never read before."""
    text = f"{number} " + " ".join(WORDS[(number + n * 7 + n // 3) % len(WORDS)] for n in range(120))
    answer = await ask(chat(text, 1))
    return float(answer["prompt_tokens"] / answer["first"])


async def side_by_side(path: Path, program: str, rounds: int, home: Path) -> None:
    name = "native" if program else "wheel"
    settings = {"SERAI_MODELS_LLAMA_SERVER": program or "wheel", "SERAI_MODELS_CONTEXT": str(CONTEXT)}
    kinds: dict[str, Callable[[Ask, int], Awaitable[float]]] = {
        "decode, 1 stream": lambda ask, _n: decode(ask, 1, 96),
        "decode, 8 streams": lambda ask, _n: decode(ask, 8, 48),
        "decode, 16 streams": lambda ask, _n: decode(ask, 16, 48),
        "prompt": prompt,
    }
    async with contextlib.AsyncExitStack() as stack:
        ours = serai(home, {"bench": path}, SERAI_MODELS_PARALLEL="16", **settings)
        sides = {"Serai": (await stack.enter_async_context(ours))[0]}
        sides["same settings"] = (await stack.enter_async_context(by_hand(path, program, 16)))[0]
        if program:
            sides["as it comes"] = await stack.enter_async_context(as_it_comes(path, program, 16))
        for ask in sides.values():
            await ask(chat("warm up", 4))
        for kind, measure in kinds.items():
            runs = [[await measure(ask, 3 * n + k) for k, ask in enumerate(sides.values())] for n in range(rounds)]
            show(f"{name:7} {kind:19}", list(sides), runs)


async def copying(program: str, rounds: int, home: Path) -> None:
    """A model that writes its words in one fixed order goes on with a text that holds them all, half, or none."""
    name = "native" if program else "wheel"
    path = copier.write(home / "copier.gguf")
    settings = {"SERAI_MODELS_LLAMA_SERVER": program or "wheel", "SERAI_MODELS_CONTEXT": str(CONTEXT)}
    reads: dict[str, Callable[[int], str]] = {
        "copy": lambda at: copier.chain(200, at),
        "half": lambda at: "".join(
            copier.chain(20, at + step) + copier.chain(20, at + 9000) for step in (0, 40, 80, 120)
        ),
        "unrelated": lambda at: "".join(copier.chain(1, at + 3000 + 7 * step) for step in range(200)),
    }
    async with contextlib.AsyncExitStack() as stack:
        sides = {"Serai": (await stack.enter_async_context(serai(home, {"bench": path}, **settings)))[0]}
        sides["no guessing"] = (await stack.enter_async_context(by_hand(path, program, 4, speculation=False)))[0]
        if program:
            sides["as it comes"] = await stack.enter_async_context(as_it_comes(path, program, 4))
        for ask in sides.values():
            await ask(chat("warm up", 4))
        for kind, read in reads.items():
            runs = [[await go_on(ask, read(at), at) for ask in sides.values()] for at in range(0, 400 * rounds, 400)]
            show(f"{name:7} {kind:19}", list(sides), runs)


async def go_on(ask: Ask, read: str, at: int) -> float:
    """Tokens a second of the words that come after those it read, which end where they began."""
    answer = await ask(chat(f"{read}{copier.chain(10, at)}", 150))
    assert answer["text"] == copier.chain(150, at + 10), answer["text"]
    return float(answer["completion_tokens"] / (answer["total"] - answer["first"]))


def show(what: str, sides: list[str], runs: list[list[float]]) -> None:
    """The middle speed of each side, and Serai's (the first side's) against it, round by round."""
    for side, speeds in zip(sides, zip(*runs, strict=True), strict=True):
        ratio = statistics.median(run[0] / speed for run, speed in zip(runs, speeds, strict=True))
        print(f"{what} {side:14} {statistics.median(speeds):7.1f} tok/s   Serai {ratio:.3f}", flush=True)


async def turns(path: Path, program: str, home: Path) -> None:
    """The first token of turn 20 of a growing chat against turn 1, and of turn 21 after a restart."""
    settings = {"SERAI_MODELS_LLAMA_SERVER": program or "wheel", "SERAI_MODELS_CONTEXT": "4096"}
    messages: list[dict[str, str]] = []
    firsts = []

    async def turn(ask: Ask, number: int) -> float:
        messages.append({"role": "user", "content": f"{WORDS[number % 16]} and {WORDS[number * 5 % 16]}?"})
        answer = await ask({"messages": messages, "max_tokens": 8})
        messages.append({"role": "assistant", "content": "yes."})
        return float(answer["first"])

    async with serai(home, {"bench": path}, **settings) as (ask, _):
        await ask(chat("warm up", 2))
        for number in range(20):
            firsts.append(await turn(ask, number))
    early, late = statistics.median(firsts[:5]), statistics.median(firsts[-5:])
    print(f"first token: turns 1-5 {early:.3f} s   turns 16-20 {late:.3f} s   ratio {late / early:.2f}", flush=True)
    async with serai(home, {"bench": path}, **settings) as (ask, _):
        await ask(chat("another", 2))
        again = await turn(ask, 20)
    print(f"first token after a restart of Serai {again:.3f} s   ratio to turns 1-5 {again / early:.2f}", flush=True)


async def loads(path: Path, program: str, rounds: int, home: Path) -> None:
    """Load to ready as a server of Serai does it, header, admission and sandbox included, against llama-server as it
    comes; and what unloading leaves."""
    facts = {"format": "gguf", "path": str(path), "size": path.stat().st_size, "context_length": CONTEXT}
    model = Model(name="bench", task="text-generation", engine="llama.cpp", **facts)  # type: ignore[arg-type]
    settings = Models(parallel=4, context=CONTEXT, llama_server=program or "wheel")
    pool = Pool(lambda: settings, environ=os.environ, check=Headers().of, home=home, spare=Spare(os.environ))
    await pool.load(model)
    await pool.unload("bench")
    ours, theirs, before = [], [], memory()
    for _ in range(rounds):
        began = time.perf_counter()
        await pool.load(model)
        ours.append(time.perf_counter() - began)
        await pool.unload("bench")
        if program:
            began = time.perf_counter()
            async with as_it_comes(path, program, 4):
                theirs.append(time.perf_counter() - began)
    left = memory() - before
    other = f"   as it comes {statistics.median(theirs):.2f} s" if theirs else ""
    print(f"load to ready {statistics.median(ours):.2f} s{other}   left {left / 1e6:.1f} MB")
    await pool.close()


def memory() -> int:
    """Of this process and of all that it started."""
    own = psutil.Process()
    return sum(process.memory_info().rss for process in (own, *own.children(recursive=True)))


async def many(path: Path, home: Path) -> None:
    """Four models, sixteen clients."""
    names = {f"m{number}": path for number in range(4)}
    copies = {}
    for name, source in names.items():
        copies[name] = home / f"{name}.gguf"
        copies[name].parent.mkdir(parents=True, exist_ok=True)
        copies[name].hardlink_to(source)
    settings = {"SERAI_MODELS_MAX_LOADED": "4", "SERAI_MODELS_CONTEXT": "512", "SERAI_MODELS_LOAD_TIMEOUT_S": "600"}
    async with serai(home, copies, **settings) as (ask, _):
        bodies = [chat(f"{WORDS[n]} story", 8, model=f"m{n % 4}") for n in range(16)]
        answers = await asyncio.gather(*(ask(body) for body in bodies), return_exceptions=True)
    failed = [answer for answer in answers if isinstance(answer, BaseException)]
    totals = [answer["total"] for answer in answers if isinstance(answer, dict)]
    print(f"4 models, 16 clients: {len(failed)} failed, {min(totals):.1f} to {max(totals):.1f} s", flush=True)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="a GGUF file")
    parser.add_argument("--native", default="")
    parser.add_argument("--only", default="decode,copying,turns,load,many")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        made = asked.model or tiny_gguf.write(Path(folder) / "random.gguf", context=4096, layers=4, width=320)
        await run(made.absolute(), asked)


async def run(path: Path, asked: argparse.Namespace) -> None:
    print(f"load average {os.getloadavg()[0]:.1f}, {launching.cores()} cores, {path.name}", flush=True)
    programs = ["", *([asked.native] if asked.native else [])]
    for part in asked.only.split(","):
        for program in programs:
            with tempfile.TemporaryDirectory(prefix="bench-", dir=path.parent if part == "many" else None) as folder:
                home = Path(folder)
                if part == "decode":
                    await side_by_side(path, program, asked.rounds, home)
                elif part == "copying":
                    await copying(program, asked.rounds, home)
                elif part == "turns":
                    await turns(path, program, home)
                elif part == "load":
                    await loads(path, program, asked.rounds, home)
                elif part == "many" and program == programs[-1]:
                    await many(path, home)


if __name__ == "__main__":
    asyncio.run(main())
