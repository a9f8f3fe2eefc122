"""The checks of what lies on the disk."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

from serai.doctor.finding import Finding
from serai.hub.gguf import read_header
from serai.hub.store import GUIDE

FULL_DISK, LOW_DISK = 1e9, 10e9
PACKAGE = Path(__file__).parents[1]


def home(home: Path) -> Finding:
    try:
        with tempfile.NamedTemporaryFile(dir=home, prefix=".doctor-"):
            pass
    except OSError as error:
        return Finding(
            "failed",
            f"{home} cannot be written: {error.strerror}.",
            "Make it yours, or set SERAI_HOME to another folder.",
        )
    if os.name == "posix" and stat.S_IMODE(home.stat().st_mode) & 0o077:
        return Finding("warning", f"Other users of this machine may look into {home}.", f"chmod 700 '{home}'")
    return Finding("ok", f"{home} can be written.")


def disk(home: Path) -> Finding:
    free = shutil.disk_usage(home).free
    words = f"{free / 1e9:.1f} GB are free where Serai writes."
    if free < FULL_DISK:
        return Finding("failed", words, "Free some space: chats can no longer be saved safely.")
    if free < LOW_DISK:
        return Finding("warning", words, "A model takes 1 to 10 GB: `serai list` shows those that are here.")
    return Finding("ok", words)


def secrets(home: Path) -> Finding:
    file = home / "secret.key"
    if not file.exists():
        return Finding("ok", "No secrets are stored in a file's keeping.")
    if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
        mend = f"chmod 600 '{file}', then replace the tokens that are stored."
        return Finding("failed", "Other users of this machine may read the key of the stored secrets.", mend)
    return Finding("ok", "The key of the stored secrets is readable for you alone.")


def page(package: Path = PACKAGE) -> Finding:
    if (package / "page" / "index.html").is_file():
        return Finding("ok", "The page is built.")
    return Finding("warning", "The page is not built; API and command line work without it.", "make install")


def guide(package: Path = PACKAGE) -> Finding:
    """The embedded model against the digest that was written beside it when it was made."""
    file = package / "guide" / "serai-guide.gguf"
    if not file.is_file():
        return Finding("failed", f"The embedded model {GUIDE} is missing.", "Install Serai anew.")
    read_header(file)
    noted = file.with_suffix(".gguf.sha256")
    if not noted.is_file():
        return Finding("ok", f"The embedded model {GUIDE} is there and readable.")
    expected = noted.read_text("ascii").split()[0]
    with file.open("rb") as content:
        if hashlib.file_digest(content, "sha256").hexdigest() != expected:
            return Finding("failed", f"The embedded model {GUIDE} is not what it was made as.", "Install Serai anew.")
    return Finding("ok", f"The embedded model {GUIDE} is there and whole (SHA-256).")
