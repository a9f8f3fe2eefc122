"""`serai batch` and `serai cache` over the real app and a real model."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.cli import ENV

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(300)]

ROWS = 30


class Here:
    """Commands in a folder with a home and a file of rows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {**ENV, "SERAI_HOME": str(folder / "home"), "SERAI_HUB_OFFLINE": "true", "NO_COLOR": "1"}
        rows = "".join(f"{number},What is Serai?\n" for number in range(1, ROWS + 1))
        (folder / "rows.csv").write_text(f"id,question\n{rows}")

    def command(self, *args: str) -> dict[str, Any]:
        return {"args": [sys.executable, "-m", "serai", *args], "env": self.env, "cwd": self.folder, "text": True}

    def __call__(self, *args: str, code: int = 0) -> str:
        done = subprocess.run(**self.command(*args), capture_output=True, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr


BATCH = (
    "batch",
    "rows.csv",
    "--column",
    "question",
    "--set",
    "temperature=0",
    "--set",
    "max_tokens=4",
    "--at-once",
    "1",
)


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT])
def test_the_same_command_goes_on_with_what_was_stopped(tmp_path: Path, stop: signal.Signals) -> None:
    here = Here(tmp_path)
    with subprocess.Popen(**here.command(*BATCH, "--json"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as begun:
        assert begun.stdout is not None
        for line in begun.stdout:
            if (json.loads(line)["progress"]["done"] or 0) >= 2:
                break
        begun.send_signal(stop)
    assert not (tmp_path / "rows.answers.jsonl").exists()
    assert f"{ROWS} rows are answered: rows.answers.jsonl." in here(*BATCH)
    answers = [json.loads(line) for line in (tmp_path / "rows.answers.jsonl").read_text().splitlines()]
    assert [(one["row"], one["error"]) for one in answers] == [(number, None) for number in range(1, ROWS + 1)]
    jobs = json.loads(here("jobs", "list", "--json"))["jobs"]
    assert [job["state"] for job in jobs] == ["done"]
    assert list((tmp_path / "home" / "uploads").iterdir()) == []
    assert "is there already" in here(*BATCH, code=1)


def test_what_cannot_go_well_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    here = Here(tmp_path)
    assert "no column 'answer'" in here("batch", "rows.csv", "--column", "answer", code=1)
    assert "There is no file" in here("batch", "nothing.csv", code=1)
    assert list((tmp_path / "home" / "uploads").iterdir()) == []
    assert "0 answers" in here("cache", "status")
    assert "Cleared" in here("cache", "clear")
