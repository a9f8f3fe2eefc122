"""Every fast check: those of the Python code and those of the page side by side. Run by `make check`.

`python tools/check.py lint` leaves the tests out, which `make test` then runs whole."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
PYTHON = sys.executable
ENVIRONMENT = {**os.environ, "PYTHON": PYTHON, "NO_MKDOCS_2_WARNING": "1"}

FAST_TESTS = [PYTHON, "-m", "pytest", "-n2", "-m", "not engine and not browser and not slow"]
CHECKS: dict[str, list[list[str]]] = {
    "python": [
        [str(BIN / "ruff"), "check", "--quiet", "."],
        [str(BIN / "ruff"), "format", "--quiet", "--check", "."],
        [PYTHON, "tools/secrets_scan.py"],
        [str(BIN / "lint-imports"), "--no-cache"],
        [str(BIN / "mypy")],
        [PYTHON, "tools/reference.py", "--check"],
        [str(BIN / "mkdocs"), "build", "--strict", "--quiet"],
        FAST_TESTS,
    ],
    "page": [
        [PYTHON, "tools/page.py", "check"],
        [PYTHON, "tools/page.py", "lint"],
        [PYTHON, "tools/page.py", "check:locales"],
        [PYTHON, "tools/page.py", "types", "--check"],
        [PYTHON, "tools/page.py", "test"],
    ],
}


def main() -> None:
    """Exits with 1 when anything failed, after showing what."""
    with ThreadPoolExecutor() as lanes:
        failed = [name for lane in lanes.map(_lane, CHECKS.values()) for name in lane]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def _lane(commands: list[list[str]]) -> list[str]:
    failed = []
    for command in commands:
        if command is FAST_TESTS and "lint" in sys.argv:
            continue
        begun = time.monotonic()
        result = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
        words = " ".join([Path(command[0]).name, *command[1:]])
        print(f"{'ok  ' if not result.returncode else 'FAIL'} {time.monotonic() - begun:5.1f} s  {words}", flush=True)
        if result.returncode:
            print(result.stdout + result.stderr, flush=True)
            failed.append(words)
    return failed


if __name__ == "__main__":
    main()
