"""What the measurements share: a clean environment, and one way to print a figure."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[1]


def environment(home: Path, **more: str) -> dict[str, str]:
    """A server's surroundings: everything it writes lies in `home`, and it asks no hub."""
    kept = {key: os.environ[key] for key in ("PATH", "LANG", "LD_LIBRARY_PATH") if key in os.environ}
    paths = {"HOME": str(home), "SERAI_HOME": str(home / "serai"), "HF_HOME": str(home / "hf")}
    return {**kept, **paths, "PYTHONPATH": str(ROOT / "src"), "SERAI_HUB_OFFLINE": "true", **more}


def row(name: str, median: float, least: float, most: float, first: float | None = None) -> None:
    """One line: median, range, and where it differs in kind the very first value."""
    also = f"   first {first:.3g}" if first is not None else ""
    print(f"{name:28} median {median:8.3g}   {least:.3g} to {most:.3g}{also}")
