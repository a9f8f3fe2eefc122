"""Runs every measurement, one after another; `python -m bench NAME` runs one. Figures are kept in bench/README.md."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SUPPORT = {"__init__", "__main__", "common", "load", "loopback", "puller", "relays", "scripted", "shapes"}


def main() -> None:
    """Stops at the first that fails."""
    names = sys.argv[1:] or sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in SUPPORT)
    for name in names:
        print(f"\n== {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"bench.{name}"], check=True, cwd=Path(__file__).parents[1])


if __name__ == "__main__":
    main()
