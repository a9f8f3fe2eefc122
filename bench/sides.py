"""The servers that are compared: Serai, llama.cpp's own with the same settings, and as it comes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
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

from bench.common import ROOT, environment
from serai.hosting import launching
from serai.hosting.process import ModelProcess
from serai.settings import Models
from serai.types import Model

Ask = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
CONTEXT = 2048


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
async def by_hand(
    path: Path, program: str, parallel: int, speculation: bool = True
) -> AsyncIterator[tuple[Ask, ModelProcess]]:
    """llama.cpp's own server with the settings that Serai starts it with, but without its sandbox."""
    facts = {"format": "gguf", "path": str(path), "size": path.stat().st_size, "context_length": CONTEXT}
    model = Model(name="bench", task="text-generation", **facts)  # type: ignore[arg-type]
    settings = Models(parallel=parallel, context=CONTEXT, sandbox="off")
    launch = launching.plan("llama.cpp", model, settings, None, launching.machine())
    batch = launching.batch_size(path.stat().st_size, launch.threads, on_gpu=False)
    ours = replace(launch, program=program, batch=batch, speculation=speculation, flash_attention=False)
    process = ModelProcess(ours, environ=os.environ)
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
