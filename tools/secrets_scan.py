"""Looks through every tracked file for secrets and for traces of the machine it was written on. Exits 1 on a find."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
ALLOW = "scan: allow"
"""On a line that must look like a secret, such as a test of the redaction."""

PATTERNS = {
    "Hugging Face token": re.compile(r"\bhf_[A-Za-z0-9]{30,}"),
    "OpenAI-like key": re.compile(r"\bsk-[A-Za-z0-9_-]{24,}"),
    "Serai key": re.compile(r"\bserai-[A-Za-z0-9_-]{40,}"),
    "AWS key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "GitHub token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{30,}"),
    "private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "absolute path of a machine": re.compile(r"(?<![\w.])/(?:root|home/(?!(?:me|you|user)/)[a-z]\w+|work|Users/\w+)/"),
    "registry host": re.compile(r"registry\.npmjs\.org|files\.pythonhosted\.org|pypi\.org/simple|deb\.debian\.org"),
}
BINARY = {".gguf", ".png", ".woff2", ".ico", ".db", ".wav"}
HERE = Path(__file__).name


def main() -> None:
    """Prints each find as file:line: what."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    finds = [find for name in listed.decode().split("\0") if name for find in scan(ROOT / name)]
    print("\n".join(finds), end="\n" if finds else "")
    sys.exit(bool(finds))


def scan(path: Path) -> list[str]:
    """The finds in one file."""
    if path.suffix in BINARY or path.name == HERE or not path.is_file():
        return []
    lines = path.read_text("utf-8", errors="replace").splitlines()
    return [
        f"{path.relative_to(ROOT)}:{number}: {what}"
        for number, line in enumerate(lines, 1)
        if ALLOW not in line
        for what, pattern in PATTERNS.items()
        if pattern.search(line)
    ]


if __name__ == "__main__":
    main()
