"""Real servers for the end-to-end tests: `serai serve` as a person would start it, each with a home of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from serai.cli import server_file
from serai.client import Client

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


@dataclass
class Server:
    """A running `serai serve`. `home` outlives it, so that a second one can be started on what the first left."""

    home: Path
    process: subprocess.Popen[bytes]
    url: str = ""
    _clients: list[Client] = field(default_factory=list)

    @property
    def client(self) -> Client:
        if not self._clients:
            self._clients.append(Client(self.url))
        return self._clients[0]

    def get(self, path: str) -> httpx2.Response:
        return httpx2.get(self.url + path, timeout=PATIENCE)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)

    def end(self) -> int:
        """As Ctrl+C in the terminal, and the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        for client in self._clients:
            client.close()
        return self.process.wait(PATIENCE)


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a model process or the hub could reach is kept inside the test's own folder."""
    kept = {key: os.environ[key] for key in ("PATH", "LANG", "LD_LIBRARY_PATH") if key in os.environ}
    paths = {"HOME": str(home), "SERAI_HOME": str(home / "serai"), "HF_HOME": str(home / "hf")}
    return {**kept, **paths, "PYTHONPATH": str(ROOT / "src"), "SERAI_HUB_OFFLINE": "true", **more}


@contextmanager
def serving(home: Path, *words: str, **more: str) -> Iterator[Server]:
    """Starts a server on a free loopback port and waits until it answers; ends it by its id."""
    command = [sys.executable, "-m", "serai", "serve", "--port", "0", "--no-browser", *words]
    log = (home / "server.log").open("ab")
    process = subprocess.Popen(command, env=environment(home, **more), stdout=log, stderr=log, cwd=home)
    server = Server(home, process)
    try:
        server.url = wait_for_url(home, process)
        yield server
    finally:
        server.end()
        log.close()


def wait_for_url(home: Path, process: subprocess.Popen[bytes], *, same_process: bool = True) -> str:
    """The address from server.json, once this process (or, under make, a child of it) has written it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"serai ended with {process.returncode}:\n{(home / 'server.log').read_text()}")
        found = server_file.read(home / "serai")
        if found is not None and (found.pid == process.pid or not same_process):
            return found.url
        time.sleep(0.02)
    raise AssertionError(f"serai did not start:\n{(home / 'server.log').read_text()}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("home")) as running_server:
        yield running_server
