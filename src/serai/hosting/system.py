"""What the system's files and tools say. Nothing here raises: what is not there, or fails, says nothing."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

TOOL_S = 5


def tool(*command: str) -> str:
    """What a program says."""
    if shutil.which(command[0]) is None:
        return ""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TOOL_S, check=True)
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return done.stdout


def text(path: Path) -> str:
    """What stands in a file."""
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def number(path: Path) -> int | None:
    """The whole number that a file holds."""
    found = text(path).strip()
    return int(found) if found.isdigit() else None


def changed(path: Path) -> int:
    """When a file was changed last, in nanoseconds; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
