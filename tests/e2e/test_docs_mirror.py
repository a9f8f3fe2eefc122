"""The examples in the documentation that download through the mirror run, with a hub behind it: blocks under
`<!-- run through the mirror -->`."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import PATIENCE, ROOT, Server, environment, serving
from tests.fakes import hub as fake

pytestmark = [pytest.mark.engine, pytest.mark.slow]

BLOCK = re.compile(r"<!-- run through the mirror -->\n```sh\n(.*?)```", re.DOTALL)
EXAMPLES = BLOCK.findall((ROOT / "docs" / "how-to" / "mirror.md").read_text("utf-8"))
FILES = {"config.json": b"{}", "model.safetensors": bytes(2_000_000)}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A loopback hub in a thread of its own."""
    ready, over = threading.Event(), asyncio.Event()
    hub, loop = fake.FakeHub({"acme/tiny": FILES}), asyncio.new_event_loop()

    async def serve() -> None:
        async with fake.serving(hub):
            ready.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(PATIENCE)
    yield hub.endpoint
    loop.call_soon_threadsafe(over.set)
    thread.join()
    loop.close()


@pytest.fixture(scope="module")
def server(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("home")
    with serving(home, SERAI_HUB_OFFLINE="false", SERAI_HUB_ENDPOINT=endpoint) as running:
        yield running


def test_the_example_downloads_through_the_mirror(server: Server, tmp_path: Path) -> None:
    for code in EXAMPLES:
        paths = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        env = environment(tmp_path, PATH=paths, HF_HUB_DISABLE_TELEMETRY="1")
        command = ["sh", "-ec", code.replace("http://127.0.0.1:7372", server.url)]
        ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert ran.returncode == 0, ran.stderr
    (folder,) = (tmp_path / "hf" / "hub" / "models--acme--tiny" / "snapshots").iterdir()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES
    assert (server.home / "hf" / "hub" / "models--acme--tiny" / "snapshots" / folder.name / "config.json").is_file()
