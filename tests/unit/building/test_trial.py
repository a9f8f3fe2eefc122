"""A llama-server is tried before it is trusted."""

import os
from pathlib import Path

import pytest
from tests.fakes import llama_server

from serai.building import trial
from serai.building.trial import Unfit
from serai.errors import LoadFailed
from serai.hub.store import GUIDE_FILE

pytestmark = pytest.mark.engine


async def test_the_wheel_says_the_same_twice() -> None:
    first, second = [await trial.run("", GUIDE_FILE, os.environ) for _ in range(2)]
    assert first.tokens == second.tokens and min(len(tokens) for tokens in first.tokens) > 3


async def test_a_server_that_says_something_else_is_unfit(tmp_path: Path) -> None:
    program = llama_server.write(tmp_path / "llama-server")
    with pytest.raises(Unfit, match="otherwise than the wheel's"):
        await trial.compare(str(program), GUIDE_FILE, os.environ)


async def test_a_server_that_answers_in_another_way_is_unfit(tmp_path: Path) -> None:
    program = llama_server.write(tmp_path / "llama-server", tokens="None")
    with pytest.raises(Unfit, match="does not answer"):
        await trial.run(str(program), GUIDE_FILE, os.environ)


async def test_a_server_that_does_not_start_is_told(tmp_path: Path) -> None:
    program = llama_server.write(tmp_path / "llama-server", dies=5)
    with pytest.raises(LoadFailed, match="exit status 5"):
        await trial.run(str(program), GUIDE_FILE, os.environ)
