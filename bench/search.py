"""The search page over 10,000 models that are known here: how long does `/api/v1/hub/models` take, offline, and with
what the hub answered a moment ago?

`python -m bench.search` starts a Serai of its own over a catalogue that was made up, and asks over HTTP."""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from bench.common import ROOT, environment, row
from bench.mirror import serai

MODELS = 10_000
ROUNDS = 40
BAR_S = 0.05
WORDS = ("tiny", "large", "instruct", "chat", "code", "math", "vision", "persian", "embedding", "base")
QUESTIONS = {
    "first page": "",
    "a word": "query=persian",
    "two words, a task": "query=code+instruct&task=text-generation",
    "a format, by likes": "format=gguf&sort=likes",
    "nothing found": "query=nobody-knows-this",
    "page 100": "cursor=3000",
}


def told(number: int) -> dict[str, Any]:
    """A model as the hub tells it."""
    word, other = WORDS[number % 10], WORDS[number // 10 % 10]
    name = f"maker{number % 200}/{word}-{other}-{number}" + ("-GGUF" if number % 2 else "")
    tags = ["gguf" if number % 2 else "safetensors", "license:mit", "en"]
    facts = {"downloads": number * 37 % 100_003, "likes": number * 17 % 1009, "lastModified": "2026-05-01T00:00:00Z"}
    return {"id": name, "tags": tags, "pipeline_tag": "text-generation", "gated": False, **facts}


async def hub() -> None:
    """Answers every search with its first thirty."""
    from aiohttp import web

    async def search(_: web.Request) -> web.Response:
        return web.json_response([told(number) for number in range(30)])

    app = web.Application()
    app.router.add_get("/api/models", search)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


def remember(home: Path) -> None:
    """Writes the catalogue that a Serai in this home begins with."""
    from serai.hub.known import Known
    from serai.hub.listing import listed

    (home / "serai").mkdir(parents=True)
    known = Known(home / "serai" / "catalogue.db")
    known.put(model for number in range(MODELS) if (model := listed(told(number))))


def ask(server: str, question: str) -> tuple[float, int]:
    """Seconds, and how many models came."""
    began = time.perf_counter()
    with urllib.request.urlopen(f"{server}/api/v1/hub/models?{question}") as answer:
        body = answer.read()
    return time.perf_counter() - began, len(json.loads(body)["models"])


def measure(server: str, how: str) -> float:
    """The largest median of all questions."""
    medians = []
    for name, question in QUESTIONS.items():
        ask(server, question)
        times = [ask(server, question)[0] for _ in range(ROUNDS)]
        medians.append(statistics.median(times))
        row(f"{how}, {name}, ms", medians[-1] * 1e3, min(times) * 1e3, max(times) * 1e3)
    return max(medians)


def main() -> None:
    worst = []
    for how in ("offline", "warm"):
        with tempfile.TemporaryDirectory(prefix="serai-bench-") as place:
            home = Path(place) / "home"
            environ = environment(home)
            subprocess.run(
                [sys.executable, "-m", "bench.search", "remember", str(home)], env=environ, check=True, cwd=ROOT
            )
            command = [sys.executable, "-m", "bench.search", "hub"]
            away = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
            assert away.stdout is not None
            process, mirror = serai(home, away.stdout.readline().strip(), offline=how == "offline")
            try:
                worst.append(measure(mirror.removesuffix("/hub"), how))
            finally:
                for one in (process, away):
                    one.kill()
                    one.communicate()
    print(f"the slowest question takes {max(worst) * 1e3:.1f} ms at {MODELS:,} known models")
    sys.exit(0 if max(worst) <= BAR_S else 1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["hub"]:
        asyncio.run(hub())
    elif sys.argv[1:2] == ["remember"]:
        remember(Path(sys.argv[2]))
    else:
        main()
