"""A server with the models that clients in other languages ask for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.e2e.conftest import PATIENCE, ROOT, Server, serving
from tests.fakes import templates, tiny_gguf

HERE = Path(__file__).parent
CALLS = '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>'


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """It has `my-tools`, which calls for the weather, and `my-embedder`."""
    home = tmp_path_factory.mktemp("home")
    tools = tiny_gguf.write(home / "my-tools.gguf", says=CALLS, template=templates.HERMES, context=2048)
    shutil.copytree(ROOT / "tests" / "fixtures" / "onnx" / "bert", home / "my-embedder")
    with serving(home, SERAI_MODELS_THREADS="1") as made:
        for path in (tools, home / "my-embedder"):
            body = {"path": str(path), "name": path.stem}
            assert httpx2.post(f"{made.url}/api/v1/models", json=body, timeout=PATIENCE).status_code == 201
        yield made


@pytest.fixture(scope="session")
def node() -> str:
    """Node.js, with the clients installed."""
    program = shutil.which("node")
    if program is None or not (HERE / "node_modules" / ".package-lock.json").exists():
        pytest.skip("JavaScript clients are not installed: `python tools/page.py clients`, or `make test`.")
    return program
