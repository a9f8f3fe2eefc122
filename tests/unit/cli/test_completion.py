from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.fakes.cli import ENV


def test_show_prints_the_script(cli: Any) -> None:
    assert "_SERAI_COMPLETE=complete_bash" in cli("completion", "show", "bash").stdout


def test_install_writes_for_the_named_shell(cli: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert cli.json("completion", "install", "fish")["shell"] == "fish"
    assert "_SERAI_COMPLETE" in (tmp_path / ".config/fish/completions/serai.fish").read_text()


def test_the_shell_is_given_commands() -> None:
    env = {**ENV, "_SERAI_COMPLETE": "complete_bash", "COMP_WORDS": "serai do", "COMP_CWORD": "1"}
    code = "import sys; sys.argv[0] = 'serai'; from serai.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["doctor"]
