"""A hostile engine, started as every engine is, and those it aims at."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from serai.hosting.process import ModelProcess
from serai.registry import Launch

HOSTILE = Path(__file__).parents[3] / "fakes" / "hostile.py"
BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from serai.engines import worker; sys.exit(worker.main())"
Start = Callable[..., ModelProcess]


@pytest.fixture(scope="session")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the hostile engine as another package would bring it."""
    folder = tmp_path_factory.mktemp("plugin")
    shutil.copy(HOSTILE, folder / "serai_hostile.py")
    about = folder / "serai_hostile-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: serai-hostile\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[serai.engines]\nhostile = serai_hostile\n")
    return folder


@pytest.fixture
def aims(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Everything worth attacking: files, sockets, and a process that is nobody's parent."""
    home, serai_home, models = (tmp_path / name for name in ("home", "serai", "models"))
    for folder in (home, serai_home, models):
        folder.mkdir()
    (home / "notes.txt").write_text("private")
    (serai_home / "secret.key").write_text("key")
    for name in ("other.gguf", "expendable"):
        (models / name).write_text("x")
    name = f"\0serai-{secrets.token_hex(8)}"
    with ExitStack() as stack:
        sleeper = stack.enter_context(subprocess.Popen(["sleep", "60"]))
        stack.callback(sleeper.kill)
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        datagram = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        datagram.bind(str(tmp_path / "datagram"))
        for address in (str(tmp_path / "stream"), name):
            server = stack.enter_context(socket.socket(socket.AF_UNIX))
            server.bind(address)
            server.listen()
        yield {
            **{"home": str(home), "serai_home": str(serai_home), "tmp": str(tmp_path), "victim": sleeper.pid},
            **{"other_model": str(models / "other.gguf"), "expendable": str(models / "expendable")},
            **{"model": str(models / "model.hostile"), "tcp": tcp.getsockname()[1]},
            **{"unix": str(tmp_path / "stream"), "datagram": str(tmp_path / "datagram"), "abstract": name},
        }


@pytest_asyncio.fixture
async def hostile(plugin: Path, aims: dict[str, Any]) -> AsyncIterator[Start]:
    """Makes processes of the hostile engine; keywords starting with `aim_` go into its model's file."""
    made: list[ModelProcess] = []

    def make(tries: tuple[str, ...] = (), *, unix_socket: bool = True, **wishes: Any) -> ModelProcess:
        own = {name.removeprefix("aim_"): wishes.pop(name) for name in list(wishes) if name.startswith("aim_")}
        Path(aims["model"]).write_text(json.dumps({**aims, "tries": tries, **own}))
        launch = Launch(engine="hostile", model="evil", path=aims["model"], parent=os.getpid(), **wishes)
        environ = {"PATH": os.environ["PATH"], "HF_TOKEN": "hf_secret", "SERAI_SECRET_KEY": "key"}
        command = (sys.executable, "-P", "-c", BOOT, str(plugin))
        made.append(ModelProcess(launch, environ=environ, command=command, unix_socket=unix_socket))
        return made[-1]

    yield make
    for process in made:
        await process.stop()
