from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.cli import until

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serai.client.following.POLL_S", 0)


def test_ends_well_only_when_the_job_is_done(cli: Any) -> None:
    assert "here and verified" in cli("pull", "org/x").stdout


def test_a_failure_is_the_job_s_own_words(cli: Any) -> None:
    cli("list")
    cli.services.job_states = ["running", "failed"]
    result = cli("pull", "org/x", code=1)
    assert result.stdout == ""
    assert "Error: The hub has no such file.\nLook at its page." in result.stderr


def test_a_cancelled_download_is_not_done(cli: Any) -> None:
    cli("list")
    cli.services.job_states = ["cancelled"]
    assert "The download is cancelled" in cli("pull", "org/x", code=1).stderr


def test_json_is_a_line_for_every_step(cli: Any) -> None:
    lines = [json.loads(line) for line in cli("pull", "org/x", "--json").stdout.splitlines()]
    assert [line["state"] for line in lines] == ["queued", "running", "running", "done"]


@pytest.mark.parametrize("state", ["paused", "failed"])
def test_a_download_that_stopped_goes_on(cli: Any, home: Path, state: str) -> None:
    cli.json("list")
    begun = {"id": "job_0", "kind": "download", "title": "", "state": state, "args": {"model": "org/x"}}
    cli.services.jobs["job_0"] = begun
    cli("pull", "org/x")
    assert list(cli.services.jobs) == ["job_0"]
    assert (home / "job.resume").exists()


def test_a_download_that_runs_is_joined(cli: Any, home: Path) -> None:
    cli.json("list")
    begun = {"id": "job_0", "kind": "download", "title": "", "state": "running", "args": {"model": "org/x"}}
    cli.services.jobs |= {"job_0": begun, "job_1": begun | {"id": "job_1", "args": {"model": "org/y"}}}
    cli("pull", "org/x")
    assert len(cli.services.jobs) == 2
    assert not (home / "job.resume").exists()


def test_ctrl_c_pauses_and_says_how_to_go_on(start: Any, home: Path) -> None:
    serving = start("pull", "org/endless", "--json", stdin=subprocess.DEVNULL)
    assert serving.process.stdout.readline()
    _, err = serving.end(signal.SIGINT)
    until((home / "job.pause").exists)
    assert serving.process.returncode == 130
    assert "serai pull org/endless" in err
