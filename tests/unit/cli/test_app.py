from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from tests.fakes.cli import ENV, commands

from serai.cli import app


def test_a_mistyped_command_is_a_usage_error_with_a_suggestion(cli: Any) -> None:
    assert "Did you mean 'list'?" in cli("lst", code=2).stderr


def test_usage_errors_are_json_where_json_was_asked_for(cli: Any) -> None:
    assert json.loads(cli("show", "--json", code=2).stderr)["error"]["code"] == "usage"


def test_errors_are_json_where_json_was_asked_for(cli: Any) -> None:
    error = json.loads(cli("show", "x", "--json", code=1).stderr)["error"]
    assert (error["code"], error["facts"]["nearest"]) == ("model_not_found", ["serai-guide"])


def test_a_fault_is_words_and_only_debug_shows_the_traceback(cli: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("serai.cli.output.emit", lambda *a, **k: 1 / 0)
    result = cli("list", code=1)
    assert result.stderr.startswith("Error: Serai failed unexpectedly: ZeroDivisionError")
    with pytest.raises(ZeroDivisionError):
        cli("list", "--debug")


def test_an_interrupt_ends_with_130(cli: Any, monkeypatch: Any) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("serai.cli.output.emit", interrupt)
    cli("list", code=130)


def test_every_command_has_json_a_panel_and_a_sentence(cli: Any) -> None:
    for path, command in commands(app.program()):
        assert "--json" in {name for param in command.params for name in getattr(param, "opts", ())}, path
        assert (command.help or "").endswith("."), path


@pytest.mark.parametrize("args", [["version"], ["--help"]])
def test_quick_commands_import_nothing_heavy(args: list[str]) -> None:
    code = "import sys; from serai.cli.app import program\ntry: program()()\nexcept SystemExit: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=True, env=ENV)
    heavy = {"fastapi", "sqlalchemy", "httpx2", "uvicorn", "aiohttp", "psutil", "serai.settings"}
    assert not heavy & set(done.stdout.split())
