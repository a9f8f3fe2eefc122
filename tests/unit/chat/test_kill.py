"""kill -9 in the middle of an answer: everything that was shown is in the session afterwards."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def serving(home: Path, number: int) -> AsyncIterator[tuple[httpx2.AsyncClient, asyncio.subprocess.Process]]:
    """A server process of its own and a client of it."""
    path = home / f"{number}.sock"
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.serve", str(home), str(path), cwd=ROOT, env=env
    )
    try:
        async with httpx2.AsyncClient(
            transport=httpx2.AsyncHTTPTransport(uds=str(path)), base_url="http://serai", timeout=30
        ) as client:
            await _healthy(client)
            yield client, process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _healthy(client: httpx2.AsyncClient) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                if (await client.get("/health")).status_code == 200:
                    return
            except httpx2.TransportError:
                await asyncio.sleep(0.05)


async def _shown(client: httpx2.AsyncClient, message: str, count: int) -> str:
    """Reads along until `count` pieces were shown; returns their text."""
    seen: list[str] = []
    async with client.stream("GET", f"/api/v1/messages/{message}/stream") as response:
        async for line in response.aiter_lines():
            if line.startswith("data: ") and '"seq"' in line:
                seen.append(json.loads(line[6:])["text"])
                if len(seen) == count:
                    break
    return "".join(seen)


@pytest.mark.slow
async def test_no_shown_token_is_lost(tmp_path: Path) -> None:
    answers: dict[str, tuple[str, str]] = {}
    for number, pieces in enumerate((5, 120)):
        async with serving(tmp_path, number) as (client, process):
            session = (await client.post("/api/v1/sessions", json={})).json()["id"]
            asked = (await client.post(f"/api/v1/sessions/{session}/messages", json={"text": "count"})).json()
            shown = await _shown(client, asked["answer"]["id"], pieces)
            process.send_signal(signal.SIGKILL)
            answers[session] = (asked["answer"]["id"], shown)
    async with serving(tmp_path, 9) as (client, _):
        for session, (answer, shown) in answers.items():
            message = (await client.get(f"/api/v1/sessions/{session}")).json()["messages"][-1]
            assert (message["id"], message["state"]) == (answer, "interrupted")
            assert message["text"].startswith(shown) and shown.startswith("1 2 3 ")
