"""What a database says when it cannot go on, in words. A broken constraint is no fault: its caller gets it as it is."""

from __future__ import annotations

import errno
import sqlite3

from sqlalchemy import URL

from serai.errors import Busy, SeraiError, StorageFailed

_SQLITE = {
    "FULL": "full",
    "READONLY": "read_only",
    "PERM": "read_only",
    "AUTH": "read_only",
    "CANTOPEN": "unreachable",
    "IOERR": "unreachable",
    "CORRUPT": "damaged",
    "NOTADB": "damaged",
}
_OS = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EROFS: "read_only",
    errno.EACCES: "read_only",
    errno.EPERM: "read_only",
}
_WORDS = {
    "full": ("The disk of the database is full; nothing was saved.", "Free some space and try again."),
    "read_only": ("The database cannot be written; nothing was saved.", "Let Serai write to its folder and files."),
    "unreachable": (
        "The database cannot be reached.",
        "`serai doctor` checks it; see that its folder or server is there.",
    ),
    "damaged": ("The database is damaged or no database.", "Move it aside, or put a backup in its place."),
}


def translate(error: BaseException, url: URL, *, writes: bool = True) -> SeraiError | None:
    """The error in words, or None when it is no fault of the database. `writes`: the connection is meant to write."""
    if isinstance(error, sqlite3.Error):
        return _sqlite(error, url, writes)
    if url.get_backend_name() == "postgresql":
        return _postgresql(error, url)
    return None


def from_os(error: OSError, url: URL) -> StorageFailed:
    return _failed(_OS.get(error.errno or 0, "unreachable"), url, str(error.strerror))


def _sqlite(error: sqlite3.Error, url: URL, writes: bool) -> SeraiError | None:
    name = getattr(error, "sqlite_errorname", "").removeprefix("SQLITE_").partition("_")[0]
    if name in ("BUSY", "LOCKED"):
        return Busy("Another process is writing to the database.", retry_after=1)
    cause = _SQLITE.get(name)
    if cause is None or (cause == "read_only" and not writes):
        return None
    return _failed(cause, url, str(error))


def _postgresql(error: BaseException, url: URL) -> SeraiError | None:
    state = getattr(error, "sqlstate", None)
    if state == "53100":
        return _failed("full", url, str(error))
    if state in ("55P03", "40P01", "40001"):
        return Busy("Another process is writing to the database.", retry_after=1)
    lost = state is None and type(error).__name__ == "OperationalError"
    if lost or str(state)[:2] in ("08", "28", "3D", "53", "57"):
        return _failed("unreachable", url, str(error))
    return None


def _failed(cause: str, url: URL, said: str) -> StorageFailed:
    message, hint = _WORDS[cause]
    return StorageFailed(message, cause=cause, hint=hint, database=url.render_as_string(), said=said.strip())
