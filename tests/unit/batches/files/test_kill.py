"""A server that is killed in the middle of a batch, again and again."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import httpx2
import orjson
import pytest
from tests.fakes.waiting import until

from serai import AsyncClient
from serai.errors import SeraiError

ROOT = Path(__file__).parents[4]
ROWS = 1500


@asynccontextmanager
async def serving(home: Path, socket: Path) -> AsyncIterator[AsyncClient]:
    """A server of this home, killed at the end of the block."""
    socket.unlink(missing_ok=True)
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}:{os.environ.get('PYTHONPATH', '')}"}
    command = (sys.executable, "-m", "tests.fakes.serve", str(home), str(socket), "3")
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=env)
    try:
        transport = httpx2.AsyncHTTPTransport(uds=str(socket))
        async with AsyncClient("http://localhost", "", transport=transport, retries=0) as client:

            async def answers() -> bool:
                try:
                    return bool(await client.version())
                except SeraiError:
                    return False

            await until(answers, 30)
            yield client
    finally:
        process.kill()
        await process.wait()


async def has_moved(client: AsyncClient, batch: str, most: int) -> bool:
    return ((await client.batch(batch))["progress"]["done"] or 0) >= most


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_no_row_is_lost_and_none_comes_twice(tmp_path: Path) -> None:
    home, socket, sheet = tmp_path / "home", tmp_path / "s", tmp_path / "rows.jsonl"
    home.mkdir()
    sheet.write_text("".join(f'{{"text": "row {number}"}}\n' for number in range(1, ROWS + 1)))
    chance, batch, seen = random.Random(6), "", 0
    for _ in range(4):
        async with serving(home, socket) as client:
            if not batch:
                file = await client.send_batch_file(sheet)
                batch = (await client.create_batch(file=file["id"], model="scripted", at_once=8))["id"]
            await until(partial(has_moved, client, batch, seen + chance.randint(20, 200)), 60)
            seen = int((await client.batch(batch))["progress"]["done"])
    assert 0 < seen < ROWS  # it was never done before it was killed
    async with serving(home, socket) as client:

        async def done() -> bool:
            return (await client.batch(batch))["state"] == "done"

        await until(done, 60)
        await client.save_batch(batch, tmp_path / "out.jsonl")
    answers = [orjson.loads(line) for line in (tmp_path / "out.jsonl").read_bytes().splitlines()]
    assert [one["row"] for one in answers] == list(range(1, ROWS + 1))
    assert {(one["input"]["text"], one["output"]) for one in answers} == {
        (f"row {number}", "1 2 3 ") for number in range(1, ROWS + 1)
    }
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".partial")] == []
