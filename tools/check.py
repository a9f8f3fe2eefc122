"""Every fast check, one after another where they need the same core, side by side where not. Run by `make check`."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
PYTHON = sys.executable

CHECKS: dict[str, list[list[str]]] = {
    "python": [
        [str(BIN / "ruff"), "check", "--quiet", "."],
        [str(BIN / "ruff"), "format", "--quiet", "--check", "."],
        [PYTHON, "tools/secrets_scan.py"],
        [str(BIN / "lint-imports"), "--no-cache"],
        [str(BIN / "mypy")],
        [PYTHON, "-m", "pytest", "-m", "not engine and not browser and not slow"],
    ],
    "page": [
        [PYTHON, "tools/page.py", "check"],
        [PYTHON, "tools/page.py", "lint"],
        [PYTHON, "tools/page.py", "check:locales"],
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
        begun = time.monotonic()
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        words = " ".join([Path(command[0]).name, *command[1:]])
        print(f"{'ok  ' if not result.returncode else 'FAIL'} {time.monotonic() - begun:5.1f} s  {words}", flush=True)
        if result.returncode:
            print(result.stdout + result.stderr, flush=True)
            failed.append(words)
    return failed


if __name__ == "__main__":
    main()
