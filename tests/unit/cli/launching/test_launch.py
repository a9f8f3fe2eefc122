"""The command over the fake app; real agents and servers are in tests/e2e/test_launch.py."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_the_list_says_what_is_here(cli: Any, programs: Path) -> None:
    (programs / "claude").write_text("#!/bin/sh\n")
    (programs / "claude").chmod(stat.S_IRWXU)
    found = {agent["name"]: agent for agent in cli.json("launch", "--list")["agents"]}
    assert found["claude"]["program"] == str(programs / "claude")
    assert found["codex"]["program"] is None
    assert "npm install -g @openai/codex" in cli("launch", "--list").stdout.replace("\n", " ")


def test_an_agent_that_is_not_here_is_said_with_how_to_install_it(cli: Any) -> None:
    result = cli("launch", "claude", code=1)
    assert "Claude Code is not on this machine." in result.stderr
    assert "npm install -g @anthropic-ai/claude-code" in result.stderr


def test_a_name_that_is_no_agent(cli: Any) -> None:
    assert "Did you mean claude?" in cli("launch", "claud", code=1).stderr
    assert "--print" in cli("launch", "ollama", code=1).stderr


def test_without_a_name_it_asks_for_one(cli: Any) -> None:
    assert "name an agent" in cli("launch", code=2).stderr


def test_variables_of_a_server_that_does_not_run_are_no_use(cli: Any) -> None:
    assert "Serai does not run." in cli("launch", "openai", "--print", code=1).stderr
