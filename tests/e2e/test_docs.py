"""The examples in the documentation run: every block under `<!-- run -->`, against a real server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import PATIENCE, ROOT, Server, environment

pytestmark = pytest.mark.engine

BLOCK = re.compile(r"<!-- run -->\n```(sh|python)\n(.*?)```", re.DOTALL)
WITH_SERAI = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHON": sys.executable}
EXAMPLES = [
    pytest.param(*match.groups(), id=f"{page.stem}-{number}")
    for page in sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
    for number, match in enumerate(BLOCK.finditer(page.read_text("utf-8")), 1)
]


@pytest.mark.parametrize(("language", "code"), EXAMPLES)
def test_example(server: Server, tmp_path: Path, language: str, code: str) -> None:
    code = code.replace("http://127.0.0.1:7372", server.url)
    code = re.sub(r"serai\.(Async)?Client\(\)", rf'serai.\1Client("{server.url}")', code)
    command = ["sh", "-ec", code] if language == "sh" else [sys.executable, "-c", code]
    ran = subprocess.run(
        command, env=environment(tmp_path), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip()
    assert '"error"' not in ran.stdout


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 5


def test_generated_pages_are_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "tools" / "reference.py"), "--check"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=WITH_SERAI)
    assert ran.returncode == 0, ran.stderr


def test_the_pages_types_are_those_of_the_openapi_description() -> None:
    command = [sys.executable, str(ROOT / "tools" / "page.py"), "types", "--check"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=WITH_SERAI)
    assert ran.returncode == 0, ran.stderr
