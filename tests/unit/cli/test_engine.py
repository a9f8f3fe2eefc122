from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow


def test_list_marks_the_one_in_use(cli: Any) -> None:
    shown = cli("engine", "list").stdout
    assert "→" in shown and "wheel" in shown and "avx9" in shown


def test_build_waits_until_it_is_done(cli: Any) -> None:
    assert "9-abc is built" in cli("engine", "build").stdout
    assert cli.services.jobs["job_1"]["state"] == "done"


def test_a_build_that_was_paused_goes_on(cli: Any, home: Path) -> None:
    cli("engine", "build")
    cli.services.jobs["job_1"]["state"] = "paused"
    cli.services.job_states = ["done"]
    cli("engine", "build")
    assert (home / "job.resume").exists()


def test_a_build_that_is_done_can_be_done_again(cli: Any, home: Path) -> None:
    cli("engine", "build")
    cli.services.job_states = ["done"]
    cli("engine", "build")
    assert not (home / "job.resume").exists()


def test_use_takes_a_path_from_here(cli: Any, monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert f"{tmp_path}/llama-server" in cli("engine", "use", "./llama-server").stdout
    assert cli("engine", "use", "wheel").stdout.rstrip().endswith("run with wheel.")


def test_what_cannot_be_removed_is_said(cli: Any) -> None:
    assert "stays" in cli("engine", "remove", "wheel", code=1).stderr
