"""`serai stats`, `serai calls` and `serai hooks`, with a Serai of the command's own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.unit.monitor.receiving import receiving

from serai.cli.commands import stats
from serai.cli.times import moment
from serai.errors import BadRequest


async def run(home: Path, *words: str) -> tuple[int, str, str]:
    environ = {**os.environ, "SERAI_HOME": str(home), "HF_HOME": str(home / "hf")}
    program = [sys.executable, "-m", "serai", *words]
    done = await asyncio.to_thread(
        subprocess.run, program, env=environ, capture_output=True, text=True, timeout=90, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(("text", "ago"), [("30m", 1_800), ("24h", 86_400), ("7d", 604_800), ("1.5h", 5_400)])
def test_a_moment_is_so_long_ago(text: str, ago: float) -> None:
    assert moment(text) == pytest.approx(time.time() - ago, abs=5)


def test_a_moment_may_be_a_date() -> None:
    assert moment("2026-11-21T09:30+00:00") == 1_795_253_400
    with pytest.raises(BadRequest, match="no moment"):
        moment("yesterday")


def test_an_unknown_cost_is_not_shown_as_nothing() -> None:
    told = [stats._cost({"cost": cost, "cost_unknown": unknown}) for cost, unknown in ((0, 0), (0.5, 2), (0, 1))]
    assert told == ["", "$0.5000 + 2 unknown", "1 unknown"]


@pytest.mark.slow
async def test_a_hook_lives_from_add_to_remove(tmp_path: Path) -> None:
    async with receiving() as receiver:
        code, out, said = await run(tmp_path, "hooks", "add", receiver.url, "--event", "budget", "--private")
        assert code == 0 and out.startswith("whsec_") and out.count("\n") == 1 and "not shown again" in said
        code, out, _ = await run(tmp_path, "hooks", "list", "--json")
        [hook] = json.loads(out)["hooks"]
        assert (await run(tmp_path, "hooks", "test", hook["id"]))[0] == 0 and receiver.taken
        receiver.statuses = [500]
        code, _, error = await run(tmp_path, "hooks", "test", hook["id"])
        assert code == 1 and "status 500" in error
        assert "1 not taken" in (await run(tmp_path, "hooks", "list"))[1]
        assert (await run(tmp_path, "hooks", "remove", hook["id"]))[0] == 0
        assert "no hooks" in (await run(tmp_path, "hooks", "list"))[2]


@pytest.mark.slow
@pytest.mark.engine
async def test_what_a_command_asked_is_in_the_statistics_of_the_next(tmp_path: Path) -> None:
    assert "no calls" in (await run(tmp_path, "stats"))[2]
    assert (await run(tmp_path, "run", "serai-guide", "What is Serai?"))[0] == 0
    code, out, _ = await run(tmp_path, "stats", "--by", "task")
    assert code == 0 and "chat" in out and "100.0%" in out
    code, out, _ = await run(tmp_path, "calls", "list", "--json")
    [call] = json.loads(out)["calls"]
    code, out, _ = await run(tmp_path, "calls", "show", call["id"])
    assert code == 0 and "serai-guide" in out and "monitor.inspect" in out
