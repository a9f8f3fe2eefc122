"""`serai pull` over the real app, against a hub on loopback."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.fakes.cli import ENV
from tests.fakes.hub import FakeHub, serving

pytestmark = pytest.mark.engine

NAME = "org/tiny"


class SlowHub(FakeHub):
    """Sends half of a file, and the rest when it is told to."""

    async def blob(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Range"):
            return await super().blob(request)
        data = self.files[NAME]["tiny.Q8_0.gguf"]
        response = web.StreamResponse()
        response.content_length = len(data)
        await response.prepare(request)
        await response.write(data[: len(data) // 2])
        await asyncio.Event().wait()
        return response


async def pulling(hub: FakeHub, home: Path, *args: str) -> asyncio.subprocess.Process:
    env = {**ENV, "SERAI_HOME": str(home / "serai"), "HF_HOME": str(home / "hf"), "SERAI_HUB_ENDPOINT": hub.endpoint}
    command = (sys.executable, "-m", "serai", "pull", NAME, *args)
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, env=env, stdout=pipe, stderr=pipe)


async def ended(process: asyncio.subprocess.Process) -> tuple[int | None, str, str]:
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode(), err.decode()


def hub_of(kind: type[FakeHub], tiny: Path, **faults: Any) -> FakeHub:
    return kind(files={NAME: {"tiny.Q8_0.gguf": tiny.read_bytes()}}, **faults)


async def test_ends_with_0_once_the_file_is_verified(tiny: Path, tmp_path: Path) -> None:
    async with serving(hub_of(FakeHub, tiny)) as hub:
        code, out, err = await ended(await pulling(hub, tmp_path))
    assert (code, out) == (0, "org/tiny:Q8_0 is here and verified. Chat with it: serai run org/tiny:Q8_0\n"), err


async def test_a_damaged_file_is_a_failure_in_words(tiny: Path, tmp_path: Path) -> None:
    async with serving(hub_of(FakeHub, tiny, damage=True)) as hub:
        code, out, err = await ended(await pulling(hub, tmp_path))
    assert (code, out) == (1, "")
    assert "its SHA-256 is not the hub's" in err


async def test_ctrl_c_pauses_and_the_same_command_fetches_only_the_rest(tiny: Path, tmp_path: Path) -> None:
    async with serving(hub_of(SlowHub, tiny)) as hub:
        process = await pulling(hub, tmp_path, "--json")
        assert process.stdout is not None
        while b'"done":0' in (line := await process.stdout.readline()) or b'"done":null' in line:
            assert line
        process.send_signal(signal.SIGINT)
        code, _, err = await ended(process)
        assert code == 130
        assert "Go on with it: serai pull org/tiny" in err
        code, _, err = await ended(await pulling(hub, tmp_path))
    assert code == 0, err
    assert [wanted for path, wanted, _ in hub.requests if "blob" in path][-1] == f"bytes={len(tiny.read_bytes()) // 2}-"
