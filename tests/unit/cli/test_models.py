from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def test_list_shows_each_model_with_its_facts(cli: Any) -> None:
    lines = cli("list").stdout.splitlines()
    assert lines[0].split() == ["NAME", "SIZE", "PARAMETERS", "QUANTISATION", "CONTEXT", "STATE", "LAST", "USED"]
    assert lines[1].split()[:6] == ["serai-guide", "4.07", "MB", "3.8", "M", "Q8_0"]


def test_list_as_json_is_the_api_s_answer(cli: Any) -> None:
    assert [model["name"] for model in cli.json("list")["models"]] == ["serai-guide"]


def test_ps_says_what_to_do_when_nothing_runs(cli: Any) -> None:
    result = cli("ps")
    assert result.stdout == ""
    assert "serai run NAME" in result.stderr


def test_ps_shows_what_a_loaded_model_uses(cli: Any) -> None:
    cli.json("list")
    cli.services.models["serai-guide"] |= {"state": "ready", "running": {"device": "CPU", "pid": 7, "memory": 9e6}}
    assert {"serai-guide", "ready", "CPU", "9", "MB", "7"} <= set(cli("ps").stdout.split())


@pytest.mark.parametrize(
    ("held", "word"),
    [({"network": True, "files": True}, "whole"), ({"network": True, "files": False}, "partly"), ({}, "none")],
)
def test_ps_says_how_the_process_is_confined(cli: Any, held: dict[str, bool], word: str) -> None:
    cli.json("list")
    running = {"device": "CPU", "pid": 7, "memory": 9e6, "sandbox": {"how": "Landlock", **held}}
    cli.services.models["serai-guide"] |= {"state": "ready", "running": running}
    assert word in cli("ps").stdout.split()


def test_show_tells_what_is_known_and_leaves_out_what_is_not(cli: Any) -> None:
    out = cli("show", "serai-guide").stdout
    assert "2,048 tokens" in out
    assert "Licence" not in out


def test_an_unknown_model_is_named_with_its_neighbours(cli: Any) -> None:
    result = cli("show", "gide", code=1)
    assert result.stdout == ""
    assert result.stderr == "Error: There is no model called 'gide'.\nDid you mean serai-guide?\n"


def test_add_sends_the_whole_path(cli: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.json("add", "tiny.gguf", "--name", "tiny")["path"] == str(tmp_path / "tiny.gguf")
    assert "serai run other" in cli("add", "other.gguf").stdout


def test_rm_forgets(cli: Any) -> None:
    cli("add", "a.gguf", "--name", "org/a:Q4")
    assert cli.json("rm", "org/a:Q4") == {"forgotten": "org/a:Q4"}
    assert "a:Q4" not in cli("list").stdout


def test_stop_unloads(cli: Any) -> None:
    cli("list")
    cli.services.models["serai-guide"]["state"] = "ready"
    assert "unloaded" in cli("stop", "serai-guide").stdout
    assert cli.services.models["serai-guide"]["state"] == "on_disk"


def test_names_cannot_steer_the_terminal(cli: Any) -> None:
    cli("list")
    cli.services.models["serai-guide"]["title"] = "evil\x1b[2J\x07"
    assert "\x1b" not in cli("show", "serai-guide").stdout
