from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

RUNNING = {
    "id": "job_0",
    "kind": "download",
    "title": "org/x",
    "state": "running",
    "args": {"model": "org/x"},
    "progress": {"done": 5e8, "total": 2e9, "rate": 1e7, "eta_s": 150, "note": "1 of 3 files"},
    "error": None,
    "created_at": 0,
    "priority": 10,
}


@pytest.fixture
def jobs(cli: Any) -> Any:
    cli("list")
    failed = {**RUNNING, "id": "job_1", "state": "failed", "args": {"model": "org/y"}, "priority": 0}
    failed["error"] = {"message": "The disk is full.", "hint": ""}
    cli.services.jobs |= {"job_0": dict(RUNNING), "job_1": failed}
    cli.services.job_states = ["running"]
    return cli


def test_what_is_coming_and_how_fast(jobs: Any) -> None:
    told = jobs("jobs", "list").stdout
    assert "500 MB of 2 GB · 10 MB/s · 2 min left · 1 of 3 files" in told
    assert "high" in told and "The disk is full." in told


def test_a_job_is_named_by_its_model_or_its_id(jobs: Any, home: Path) -> None:
    assert "org/x: paused." in jobs("jobs", "pause", "org/x").stdout
    jobs("jobs", "resume", "job_1")
    assert {"job.pause", "job.resume"} <= {file.name for file in home.iterdir()}


def test_another_priority(jobs: Any) -> None:
    assert jobs.json("jobs", "priority", "org/x", "low")["priority"] == -10


def test_an_unknown_job_is_said_with_those_there_are(jobs: Any) -> None:
    error = jobs("jobs", "cancel", "org/z", code=1).stderr
    assert "There is no job 'org/z'" in error and "org/x" in error


def test_clearing_tells_how_many(jobs: Any) -> None:
    assert "Cleared: 2." in jobs("jobs", "clear").stdout
