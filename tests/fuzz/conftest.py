"""A real server with real engines in a home that may be broken, for tests that try to."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.e2e.conftest import PATIENCE, Server, serving
from tests.fakes import tiny_gguf

SAFE = {
    "SERAI_HUB_ADOPT": "false",
    "SERAI_OUTSIDE_FETCH": "false",
    "SERAI_OUTSIDE_PRIVATE": "false",
    "SERAI_MODELS_CONTEXT": "512",
    "SERAI_MODELS_PARALLEL": "2",
    "SERAI_MODELS_THREADS": "1",
    "SERAI_MODELS_MEMORY_SHARE": "0.5",
    "SERAI_MODELS_LLAMA_SERVER": "wheel",
    "SERAI_SERVER_BODY_LIMIT_MB": "8",
}
"""What is said in the environment, no request can change."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With `serai-guide`, `embeds`, and `ranks`."""
    home = tmp_path_factory.mktemp("home")
    with serving(home, **SAFE) as running:
        for name, pooling in (("embeds", 1), ("ranks", 4)):
            path = tiny_gguf.write(home / f"{name}.gguf", pooling=pooling)
            added = httpx2.post(
                f"{running.url}/api/v1/models", json={"path": str(path), "name": name}, timeout=PATIENCE
            )
            assert added.status_code == 201, added.text
        yield running
