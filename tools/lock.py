"""Resolves the requirements anew, with hashes, for every platform and Python from 3.11 on. Run by `make lock`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = {
    "core": ["pyproject.toml"],
    "build": ["requirements/build.in"],
    "node": ["requirements/node.in"],
    "dev": ["pyproject.toml", "requirements/dev.in"],
    "guide": ["requirements/guide.in"],
    "llamaindex": ["requirements/llamaindex.in"],
    "torch": ["requirements/torch.in"],
}
OPTIONS = ["--quiet", "--universal", "--python-version=3.11", "--generate-hashes", "--no-emit-index-url", "--no-header"]
OPTIONS += ["--no-annotate", "--no-emit-package=torch"]


def main() -> None:
    """Writes requirements/*.txt."""
    for name, wanted in FILES.items():
        command = [sys.executable, "-m", "uv", "pip", "compile", *OPTIONS, *wanted, "-o", f"requirements/{name}.txt"]
        subprocess.run([*command, *sys.argv[1:]], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
