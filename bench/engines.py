"""llama.cpp through Serai's HTTP against its own server by hand: decoding, prompts, chats, loading, many models.

    PYTHONPATH=src python -m bench.engines --model MODEL.gguf [--native LLAMA-SERVER] [--only decode,turns] [--rounds 3]

Both sides run with the same settings and in turn, so that what else the machine does meets both. Without --native only
the wheel's server is measured; without a model, one of 16 MB with random weights."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import psutil
from tests.fakes import tiny_gguf

from bench.common import ROOT, environment
from serai.hosting import launching
from serai.hosting.process import ModelProcess
from serai.settings import Models
from serai.types import Model

Ask = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
CONTEXT = 2048
WORDS = ["caravan", "inn", "road", "desert", "well", "star", "camel", "trade", "rest", "night", "fire", "song"]
WORDS += ["water", "bread", "salt", "gold"]


@asynccontextmanager
async def serai(home: Path, models: dict[str, Path], **settings: str) -> AsyncIterator[tuple[Ask, int]]:
    """A Serai of its own with these models; its way to ask, and its process's number."""
    environ = environment(home, SERAI_MODELS_PRELOAD="false", **settings)
    command = [sys.executable, "-m", "serai", "serve", "--no-browser", "--port", "0"]
    process = subprocess.Popen(  # noqa: ASYNC220
        command, env=environ, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = home / "serai" / "server.json"
    try:
        while not address.exists():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        url = json.loads(address.read_text())["url"]
        async with aiohttp.ClientSession(url, timeout=aiohttp.ClientTimeout(total=None)) as session:
            for name, path in models.items():
                async with session.post("/api/v1/models", json={"path": str(path), "name": name}):
                    pass
            yield lambda body: stream(session, body), process.pid
    finally:
        process.terminate()
        process.wait(30)


@asynccontextmanager
async def as_it_comes(path: Path, program: str, parallel: int) -> AsyncIterator[Ask]:
    """A native server with the settings that it has when nobody sets any."""
    folder = tempfile.mkdtemp(prefix="bench-")
    told = ["--model", str(path), "--ctx-size", str(CONTEXT * parallel), "--parallel", str(parallel), "--no-ui"]
    process = subprocess.Popen(  # noqa: ASYNC220
        [program, *told, "--host", f"{folder}/s.sock"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        connector = aiohttp.UnixConnector(f"{folder}/s.sock", limit=0, force_close=True)
        async with aiohttp.ClientSession("http://model", connector=connector) as session:
            await until_ready(session)
            yield lambda body: stream(session, body)
    finally:
        process.terminate()
        process.wait(30)


async def until_ready(session: aiohttp.ClientSession) -> None:
    while True:
        with contextlib.suppress(aiohttp.ClientError):
            async with session.get("/health") as response:
                if response.status == 200:
                    return
        await asyncio.sleep(0.02)


@asynccontextmanager
async def by_hand(path: Path, program: str, parallel: int) -> AsyncIterator[tuple[Ask, ModelProcess]]:
    """llama.cpp's own server with the settings that Serai starts it with, but without its sandbox."""
    facts = {"format": "gguf", "path": str(path), "size": path.stat().st_size, "context_length": CONTEXT}
    model = Model(name="bench", task="text-generation", **facts)  # type: ignore[arg-type]
    settings = Models(parallel=parallel, context=CONTEXT, sandbox="off")
    launch = launching.plan("llama.cpp", model, settings, None, launching.machine())
    batch = launching.batch_size(path.stat().st_size, launch.threads, on_gpu=False)
    process = ModelProcess(replace(launch, program=program, batch=batch), environ=os.environ)
    await process.start(300)
    connector = aiohttp.UnixConnector(process.launch.socket, limit=0, force_close=True)
    try:
        async with aiohttp.ClientSession("http://model", connector=connector) as session:
            yield lambda body: stream(session, body), process
    finally:
        await process.stop()


async def stream(session: aiohttp.ClientSession, body: dict[str, Any]) -> dict[str, Any]:
    """Asks and reads the stream; the time to its first piece and all of it, and the counts."""
    began = time.perf_counter()
    first, usage, text = 0.0, {}, ""
    told = {"temperature": 0, "stream": True, "stream_options": {"include_usage": True}, "logit_bias": {"2": -100}}
    async with session.post("/v1/chat/completions", json={**told, "model": "bench", **body}) as response:
        assert response.status == 200, await response.text()
        async for line in response.content:
            if line.startswith(b"data: {"):
                event = json.loads(line[6:])
                assert "choices" in event, event
                usage = event.get("usage") or usage
                content = event["choices"] and event["choices"][0]["delta"].get("content")
                first = first or (time.perf_counter() - began if content else 0.0)
                text += content or ""
    return {"first": first, "total": time.perf_counter() - began, "text": text, **usage}


def chat(text: str, tokens: int, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}], "max_tokens": tokens, **more}


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
            for side, speeds in zip(sides, zip(*runs, strict=True), strict=True):
                ratio = statistics.median(run[0] / speed for run, speed in zip(runs, speeds, strict=True))
                middle = statistics.median(speeds)
                print(f"{name:7} {kind:19} {side:14} {middle:7.1f} tok/s   Serai {ratio:.3f}", flush=True)


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


async def loads(path: Path, program: str, rounds: int) -> None:
    """Load to ready, and what unloading leaves."""
    taken, before = [], psutil.Process().memory_info().rss
    for _ in range(rounds):
        async with by_hand(path, program, 4) as (_, process):
            taken.append(process.load_s)
    left = psutil.Process().memory_info().rss - before
    children = len(psutil.Process().children(recursive=True))
    print(f"load to ready {statistics.median(taken):.2f} s   left behind {left / 1e6:.1f} MB, {children} processes")


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
    parser.add_argument("--only", default="decode,turns,load,many")
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
                elif part == "turns":
                    await turns(path, program, home)
                elif part == "load":
                    await loads(path, program, asked.rounds)
                elif part == "many" and program == programs[-1]:
                    await many(path, home)


if __name__ == "__main__":
    asyncio.run(main())
