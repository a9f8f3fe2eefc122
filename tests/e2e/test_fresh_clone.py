"""A newcomer's first minutes: clone into an empty folder, the README's command, a chat answer."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import httpx2
import pytest

from tests.e2e.conftest import PATIENCE, ROOT, wait_for_url

pytestmark = [pytest.mark.slow, pytest.mark.engine, pytest.mark.timeout(1200)]
INSTALL_PATIENCE = 1100.0


def test_readme_names_the_command_that_this_test_runs() -> None:
    commands = re.findall(r"^make run$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert commands


def test_a_fresh_clone_answers_a_chat(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--local", "--no-hardlinks", str(ROOT), str(clone)], check=True)
    home = tmp_path / "home"
    home.mkdir()
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("SERAI_", "HF_", "PYTHON", "VIRTUAL_"))
    }
    env = {**kept, "HOME": str(home), "SERAI_HOME": str(home / "serai"), "HF_HOME": str(home / "hf")}
    command = ["make", "--silent", "run", "ARGS=serve --port 0 --no-browser"]
    log = (home / "server.log").open("wb")
    subprocess.run(["make", "--silent", "install"], cwd=clone, env=env, check=True, timeout=INSTALL_PATIENCE)
    process = subprocess.Popen(command, cwd=clone, env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        url = wait_for_url(home, process, same_process=False)
        answer = httpx2.post(f"{url}/api/chat", json={"message": "What is Serai?"}, timeout=PATIENCE).json()
        page = httpx2.get(url, timeout=PATIENCE).text
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(PATIENCE)
        log.close()
    assert "Serai" in answer["text"]
    assert "<title>" in page
