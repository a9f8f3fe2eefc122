"""Ways to run `serai` over the fake app: in this process, or as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.fakes import app as fake
from typer.testing import CliRunner, Result

ROOT = Path(__file__).parents[2]
ENV = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT)))}


def until(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """Waits for a condition and returns its value; fails at the deadline."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return value


def commands(group: Any, path: str = "serai") -> Any:
    """Every command of the tree with its whole name."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


class Cli:
    """Runs a command in this process and keeps the fake's state between commands, as a database would."""

    def __init__(self) -> None:
        self.services: fake.FakeServices | None = None

    def build(self, file: Any, *, private: bool = False) -> fake.FakeServices:
        self.services = self.services or fake.build(file)
        return self.services

    def __call__(self, *args: str, typed: str | None = None, code: int = 0) -> Result:
        from serai.cli.app import program

        runner = CliRunner()
        with runner.isolation(input=typed) as (out, err, both):
            try:
                program().main(list(args), "serai")
            except SystemExit as end:
                exit_code = int(end.code or 0)
            sys.stdout.flush()
            sys.stderr.flush()
            result = Result(runner, out.getvalue(), err.getvalue(), both.getvalue(), None, exit_code, None)
        assert result.exit_code == code, result.output
        return result

    def json(self, *args: str, **options: Any) -> Any:
        return json.loads(self(*args, "--json", **options).stdout)


class Serving:
    """A `serai` process over the fake app."""

    def __init__(self, home: Path, *args: str, **options: Any) -> None:
        self.home = home
        env = {**ENV, "SERAI_HOME": str(home), "NO_COLOR": "1"}
        command = [sys.executable, "-m", "tests.fakes.app", *args]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, cwd=ROOT, env=env, **(pipes | options))

    def ready(self) -> dict[str, Any]:
        """What server.json says, once it is there."""
        until(lambda: (self.home / "server.json").exists() or self.process.poll() is not None)
        found: dict[str, Any] = json.loads((self.home / "server.json").read_text())
        return found

    def end(self, number: int = signal.SIGTERM) -> tuple[str, str]:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=20)
        return out, err
