"""`serai endpoints`, with a Serai of the command's own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fakes.cli import ENV
from tests.fakes.endpoints import TOKEN, FakeManagement, managing

from serai.cli import dedicated
from serai.errors import BadRequest

CPU = "aws-us-east-1-intel-icl-x2"


async def run(home: Path, twin: FakeManagement, *words: str, told: str = "") -> tuple[int, str, str]:
    own = {"SERAI_HOME": str(home), "HF_HOME": str(home / "hf"), "HF_ENDPOINT": twin.url, "HF_TOKEN": TOKEN}
    environ = {**ENV, **own, "SERAI_HUB_ENDPOINTS": twin.api}
    program = [sys.executable, "-m", "serai", "endpoints", *words]
    done = await asyncio.to_thread(
        subprocess.run, program, env=environ, input=told, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
async def test_an_endpoint_lives_from_its_cost_to_its_end(tmp_path: Path) -> None:
    async with managing() as twin:
        new = ("create", "mine", "--model", "acme/mood", "--task", "text-classification", "--hardware", CPU)
        code, _, error = await run(tmp_path, twin, *new, told="n\n")
        assert code != 0 and "$0.067" in error and not twin.there, "it asks, and shows the cost before"
        code, out, _ = await run(tmp_path, twin, *new, "--yes", "--wait")
        assert code == 0 and "runs at" in out
        assert "text-classification" in (await run(tmp_path, twin, "list"))[1]
        code, out, _ = await run(tmp_path, twin, "use", "mine", "--as", "mood", "--json")
        row = json.loads(out)
        assert (row["key_env"], row["keys"]) == ("HF_TOKEN", 1), "a token of the environment stays there"
        assert (await run(tmp_path, twin, "delete", "mine"))[0] != 0 and "mine" in twin.there
        assert (await run(tmp_path, twin, "delete", "mine", "--yes"))[0] == 0 and not twin.there


@pytest.mark.slow
async def test_an_unknown_price_is_called_so(tmp_path: Path) -> None:
    async with managing(FakeManagement(refuse={"/provider/": (503, {"error": "maintenance"}, {})})) as twin:
        code, out, _ = await run(tmp_path, twin, "cost", "--machine", "aws/us-east-1/cpu/intel-icl/x2")
        assert code == 0 and "unknown an hour" in out and "maintenance" in out and "$0" not in out


def test_a_price_is_never_nothing_where_it_is_unknown() -> None:
    assert (dedicated.price(None), dedicated.price(0.0), dedicated.price(1.5)) == ("unknown", "$0.000", "$1.500")


def test_a_machine_has_five_words() -> None:
    assert dedicated.machine("a/b/c/d/e") == {
        "vendor": "a", "region": "b", "accelerator": "c", "instance_type": "d", "instance_size": "e"
    }  # fmt: skip
    with pytest.raises(BadRequest, match="no machine"):
        dedicated.machine("a/b")
