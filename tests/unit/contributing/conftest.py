"""The examples of docs/contributing, written under their file names into a copy of the repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "docs" / "contributing"

_BLOCK = re.compile(r'^```(\w+) title="([^"]+)"\n(.*?)^```$', re.DOTALL | re.MULTILINE)
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "page", "*.gguf", "node_modules", "e2e")


def blocks(page: str) -> list[tuple[str, str, str]]:
    """The language, title and text of every titled block of a page; none for what is no page."""
    path = PAGES / page
    return _BLOCK.findall(path.read_text("utf-8")) if path.exists() else []


def examples(page: str) -> dict[str, str]:
    """The Python of a page, by file name."""
    return {title: code for language, title, code in blocks(page) if language == "python"}


@dataclass(frozen=True)
class Checkout:
    """A copy of the repository in which an example was followed."""

    root: Path

    def follow(self, page: str) -> dict[str, str]:
        files = examples(page)
        for name, code in files.items():
            path = self.root / name
            assert path.parent.is_dir(), f"{name} lies in a folder that the repository does not have"
            assert not path.exists(), f"{name} would replace what the repository has"
            path.write_text(code, "utf-8")
        return files

    def change(self, name: str, old: str, new: str) -> None:
        path = self.root / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    def pytest(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", *words)

    def run(self, *command: str, folder: str = ".") -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(self.root / "src")}
        place = self.root / folder
        return subprocess.run(
            command, cwd=place, env=environment, capture_output=True, text=True, timeout=100, check=False
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    root = tmp_path / "serai"
    for folder in ("src", "tests"):
        shutil.copytree(ROOT / folder, root / folder, ignore=_LEFT_OUT)
    shutil.copy(ROOT / "pyproject.toml", root)
    return Checkout(root)
