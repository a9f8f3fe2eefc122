"""`serai providers`, with a Serai of the command's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fakes.service import KEY, MODEL, FakeService, serving

pytestmark = pytest.mark.slow


async def run(home: Path, *words: str, told: str = "", group: str = "providers") -> tuple[int, str, str]:
    import asyncio

    environ = {**os.environ, "SERAI_HOME": str(home), "HF_HOME": str(home / "hf")}
    program = [sys.executable, "-m", "serai", group, *words]
    done = await asyncio.to_thread(
        subprocess.run, program, env=environ, input=told, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout, done.stderr


async def test_a_service_lives_from_add_to_remove(tmp_path: Path) -> None:
    async with serving(FakeService()) as service:
        words = ("add", "shore", "--kind", "openai", "--url", service.url, "--keys-from", "-")
        code, out, _ = await run(tmp_path, *words, told=f"{KEY}\n")
        assert code == 0 and "shore/" in out and KEY not in out
        code, out, _ = await run(tmp_path, "check", "shore", "--json")
        assert code == 0 and json.loads(out)["key"] == "accepted"
        assert f"shore/{MODEL}" in (await run(tmp_path, "models", "shore"))[1]
        assert "shore" in (await run(tmp_path, "list"))[1]
        assert service.url in (await run(tmp_path, "show", "shore"))[1]
        assert (await run(tmp_path, "change", "shore", "--keys-from", "-", told="wrong"))[0] == 0
        code, out, error = await run(tmp_path, "check", "shore")
        assert code == 1 and "refused" in out and "refused the key" in error
        assert (await run(tmp_path, "remove", "shore"))[0] == 0
        code, _, error = await run(tmp_path, "show", "shore")
        assert code == 1 and "no service called" in error


async def test_a_key_of_ones_own_is_set_checked_and_taken_back(tmp_path: Path) -> None:
    async with serving(FakeService()) as service:
        words = ("add", "shore", "--kind", "openai", "--url", service.url, "--whose-keys", "own")
        code, out, _ = await run(tmp_path, *words)
        assert code == 0 and "serai own-keys set shore" in out
        code, _, error = await run(tmp_path, "check", "shore", group="own-keys")
        assert code == 1 and "a key of your own" in error and not service.shown
        code, out, _ = await run(tmp_path, "set", "shore", told=f"{KEY}\n", group="own-keys")
        assert code == 0 and "127.0.0.1" in out and KEY not in out
        code, out, _ = await run(tmp_path, "check", "shore", group="own-keys")
        assert code == 0 and "accepted" in out
        assert (await run(tmp_path, "remove", "shore", group="own-keys"))[0] == 0
        code, out, _ = await run(tmp_path, "list", "--json", group="own-keys")
        assert json.loads(out)["services"][0]["keys"] == 0
