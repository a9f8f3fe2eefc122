"""The examples in the documentation that need a model of one's own run, against tiny ones: blocks under
`<!-- run: name -->`."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.e2e.conftest import PATIENCE, ROOT, Server, environment, serving
from tests.fakes import pictures, templates, tiny_companions, tiny_gguf

pytestmark = [pytest.mark.engine, pytest.mark.slow]

BLOCK = re.compile(r"<!-- run: [a-z-]+ -->\n```(sh|python)\n(.*?)```", re.DOTALL)
EXAMPLES = [
    pytest.param(*match.groups(), id=f"{page.stem}-{number}")
    for page in sorted((ROOT / "docs").rglob("*.md"))
    for number, match in enumerate(BLOCK.finditer(page.read_text("utf-8")), 1)
]
CALLS = '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that has the models which the examples name."""
    home = tmp_path_factory.mktemp("home")
    (home / "sees").mkdir()
    models = {"my-model": tiny_gguf.write(home / "sees" / "my-model.gguf")}
    tiny_companions.projector(home / "sees" / "mmproj.gguf")
    for seed, name in enumerate(("pirate", "poet")):
        tiny_companions.adapter(home / "sees" / f"{name}.gguf", seed=seed)
    models["my-tools"] = tiny_gguf.write(home / "my-tools.gguf", says=CALLS, template=templates.HERMES, context=2048)
    with serving(home, SERAI_MODELS_THREADS="1") as made:
        for name, path in models.items():
            body = {"path": str(path), "name": name}
            assert httpx2.post(f"{made.url}/api/v1/models", json=body, timeout=PATIENCE).status_code == 201
        yield made


@pytest.mark.parametrize(("language", "code"), EXAMPLES)
def test_example(server: Server, tmp_path: Path, language: str, code: str) -> None:
    (tmp_path / "cat.png").write_bytes(pictures.noise(1))
    code = code.replace("http://127.0.0.1:7372", server.url)
    command = ["sh", "-ec", code] if language == "sh" else [sys.executable, "-c", code]
    ran = subprocess.run(
        command,
        env=environment(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() and '"error":{' not in ran.stdout


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 4
