"""Several processes and one cache: killed in the middle, side by side, and beside huggingface_hub."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.fakes.cli import ENV, ROOT
from tests.fakes.hub import FakeHub, serving
from tests.fakes.waiting import until
from tests.unit.hub.conftest import asked

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

NAME = "acme/large"
LIKE_HUGGINGFACE = "import sys; from huggingface_hub import hf_hub_download as d; print(d(sys.argv[1], sys.argv[2]))"


@pytest.fixture
async def hub(tiny: Path) -> AsyncIterator[FakeHub]:
    data = tiny.read_bytes() + random.Random(1).randbytes(40 << 20)
    async with serving(FakeHub({NAME: {"large-Q8_0.gguf": data}}, pace=0.002)) as running:
        yield running


async def pulling(hub: FakeHub, folder: Path) -> asyncio.subprocess.Process:
    where = (hub.endpoint, str(folder / "hf" / "hub"), f"sqlite:///{folder / 'serai.db'}", NAME)
    command = (sys.executable, "-m", "tests.unit.hub.pulling", *where)
    return await asyncio.create_subprocess_exec(*command, env=ENV, cwd=ROOT)


def whole(hub: FakeHub, folder: Path) -> bool:
    """Whether there is exactly one file, and that is the hub's."""
    data = hub.files[NAME]["large-Q8_0.gguf"]
    [blob] = (folder / "hf" / "hub" / "models--acme--large" / "blobs").iterdir()
    return blob.name == hashlib.sha256(data).hexdigest() == hashlib.sha256(blob.read_bytes()).hexdigest()


async def test_killed_again_and_again_it_fetches_next_to_nothing_twice(hub: FakeHub, tmp_path: Path) -> None:
    dice = random.Random(2)
    size = len(hub.files[NAME]["large-Q8_0.gguf"])
    for _ in range(6):
        process, before = await pulling(hub, tmp_path), hub.sent
        goal = before + dice.randrange(size // 12)
        await until(lambda: hub.sent > goal or process.returncode is not None, 60)  # noqa: B023
        process.kill()
        await process.wait()
    assert not list(tmp_path.glob("hf/hub/*/snapshots"))
    assert await (await pulling(hub, tmp_path)).wait() == 0
    assert whole(hub, tmp_path)
    assert hub.sent < size + 7 * 8 * 4 * 65_536  # at most what was on its way at each kill


async def test_two_processes_share_one_download(hub: FakeHub, tmp_path: Path) -> None:
    processes = [await pulling(hub, tmp_path) for _ in range(2)]
    assert [await process.wait() for process in processes] == [0, 0]
    assert whole(hub, tmp_path)
    assert hub.sent == len(hub.files[NAME]["large-Q8_0.gguf"])


@pytest.mark.parametrize("first", ["serai", "huggingface_hub"])
async def test_it_shares_a_download_with_huggingface_hub(hub: FakeHub, tmp_path: Path, first: str) -> None:
    pytest.importorskip("huggingface_hub")
    env = {**os.environ, "HF_HOME": str(tmp_path / "hf"), "HF_ENDPOINT": hub.endpoint, "HF_HUB_DISABLE_XET": "1"}
    theirs = (sys.executable, "-c", LIKE_HUGGINGFACE, NAME, "large-Q8_0.gguf")

    async def other() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(*theirs, env=env)

    begin = [lambda: pulling(hub, tmp_path), other]
    one = await begin[first != "serai"]()
    await until(lambda: bool(asked(hub)), 60)
    two = await begin[first == "serai"]()
    assert [await one.wait(), await two.wait()] == [0, 0]
    assert whole(hub, tmp_path)
    assert hub.sent == len(hub.files[NAME]["large-Q8_0.gguf"])
