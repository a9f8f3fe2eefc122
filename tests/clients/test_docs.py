"""The examples in docs/clients that Python's own environment cannot run: JavaScript, and LlamaIndex."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import HERE
from tests.e2e.conftest import PATIENCE, ROOT, Server, environment

pytestmark = [pytest.mark.engine, pytest.mark.slow]

PAGES = sorted((ROOT / "docs" / "clients").glob("*.md"))
JAVASCRIPT = re.compile(r"<!-- run -->\n```js\n(.*?)```", re.DOTALL)
LLAMAINDEX = re.compile(r"<!-- run in llamaindex -->\n```python\n(.*?)```", re.DOTALL)
PLACES = (ROOT / ".venv" / "llamaindex" / "bin" / "python", Path(os.environ.get("LLAMAINDEX_PYTHON", "/none")))


def examples(block: re.Pattern[str]) -> list[object]:
    return [
        pytest.param(code, id=f"{page.stem}-{number}")
        for page in PAGES
        for number, code in enumerate(block.findall(page.read_text("utf-8")), 1)
    ]


@pytest.mark.parametrize("code", examples(JAVASCRIPT))
def test_javascript(server: Server, node: str, tmp_path: Path, code: str) -> None:
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    (tmp_path / "example.mjs").write_text(code.replace("http://127.0.0.1:7372", server.url))
    check([node, "example.mjs"], tmp_path)


@pytest.mark.parametrize("code", examples(LLAMAINDEX))
def test_llamaindex(server: Server, tmp_path: Path, code: str) -> None:
    python = next((str(place) for place in PLACES if place.exists()), None)
    if python is None:
        pytest.skip("LlamaIndex has no environment here: `make test` makes .venv/llamaindex.")
    check([python, "-c", code.replace("http://127.0.0.1:7372", server.url)], tmp_path)


def test_every_client_has_a_page_with_an_example() -> None:
    wanted = "openai anthropic ollama langchain llamaindex curl javascript ai-sdk python"
    for name in wanted.split():
        assert "<!-- run" in (ROOT / "docs" / "clients" / f"{name}.md").read_text("utf-8"), name


def check(command: list[str], folder: Path) -> None:
    ran = subprocess.run(
        command, cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip()
