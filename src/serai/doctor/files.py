"""The checks of what lies on the disk."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

from serai.doctor.finding import ANEW, Finding
from serai.hub.gguf import read_header
from serai.hub.store import GUIDE
from serai.wording import say

FULL_DISK, LOW_DISK = 1e9, 10e9
PACKAGE = Path(__file__).parents[1]


def home(home: Path) -> Finding:
    try:
        with tempfile.NamedTemporaryFile(dir=home, prefix=".doctor-"):
            pass
    except OSError as error:
        return Finding(
            "failed",
            say("{home} cannot be written: {why}.", home=home, why=error.strerror),
            say("Make it yours, or set SERAI_HOME to another folder."),
        )
    if os.name == "posix" and stat.S_IMODE(home.stat().st_mode) & 0o077:
        return Finding(
            "warning", say("Other users of this machine may look into {home}.", home=home), f"chmod 700 '{home}'"
        )
    return Finding("ok", say("{home} can be written.", home=home))


def disk(home: Path) -> Finding:
    free = shutil.disk_usage(home).free
    words = say("{free:.1f} GB are free where Serai writes.", free=free / 1e9)
    if free < FULL_DISK:
        return Finding("failed", words, say("Free some space: chats can no longer be saved safely."))
    if free < LOW_DISK:
        return Finding("warning", words, say("A model takes 1 to 10 GB: `serai list` shows those that are here."))
    return Finding("ok", words)


def secrets(home: Path) -> Finding:
    file = home / "secret.key"
    if not file.exists():
        return Finding("ok", say("No secrets are stored in a file's keeping."))
    if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
        mend = say("chmod 600 '{file}', then replace the tokens that are stored.", file=file)
        return Finding("failed", say("Other users of this machine may read the key of the stored secrets."), mend)
    return Finding("ok", say("The key of the stored secrets is readable for you alone."))


def page(package: Path = PACKAGE) -> Finding:
    if (package / "page" / "index.html").is_file():
        return Finding("ok", say("The page is built."))
    return Finding("warning", say("The page is not built; API and command line work without it."), "make install")


def guide(package: Path = PACKAGE) -> Finding:
    """The embedded model against the digest that was written beside it when it was made."""
    file = package / "guide" / "serai-guide.gguf"
    if not file.is_file():
        return Finding("failed", say("The embedded model {guide} is missing.", guide=GUIDE), ANEW)
    read_header(file)
    noted = file.with_suffix(".gguf.sha256")
    if not noted.is_file():
        return Finding("ok", say("The embedded model {guide} is there and readable.", guide=GUIDE))
    expected = noted.read_text("ascii").split()[0]
    with file.open("rb") as content:
        if hashlib.file_digest(content, "sha256").hexdigest() != expected:
            return Finding("failed", say("The embedded model {guide} is not what it was made as.", guide=GUIDE), ANEW)
    return Finding("ok", say("The embedded model {guide} is there and whole (SHA-256).", guide=GUIDE))
