"""The command line over the fake app."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import app as fake
from tests.fakes.cli import Cli, Serving


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SERAI_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def cli(home: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    cli = Cli()
    fake.install()
    for name in ("serai.wiring", "serai.app"):
        monkeypatch.setitem(sys.modules, name, sys.modules.pop(name))
    monkeypatch.setattr(sys.modules["serai.wiring"], "build", cli.build)
    return cli


@pytest.fixture
def start(home: Path) -> Iterator[Callable[..., Serving]]:
    started: list[Serving] = []

    def begin(*args: str, **options: Any) -> Serving:
        started.append(Serving(home, *args, **options))
        return started[-1]

    yield begin
    for serving in started:
        if serving.process.poll() is None:
            serving.process.kill()
        serving.process.communicate()
