"""Whether a process that holds something in the database is still there."""

from __future__ import annotations

import os
import socket

import psutil


def me() -> str:
    """This process, as no later one is called."""
    return f"{_place()}|{os.getpid()}|{_started(os.getpid())}"


def gone(owner: str) -> bool:
    """True when it is certain: of a process on another machine nothing is known."""
    place, _, rest = owner.rpartition("|")[0].rpartition("|")
    started = owner.rpartition("|")[2]
    return place == _place() and rest.isdecimal() and _started(int(rest)) != started


def _place() -> str:
    """One start of one machine; in containers of their own, processes' numbers mean something else."""
    return f"{socket.gethostname()}/{psutil.boot_time():.0f}"


def _started(pid: int) -> str:
    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.Error:
        return ""
