"""Ties a model's process to the server that started it, and makes it the first to go when memory runs out."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15


def end_with_parent(parent: int) -> None:
    """Ends this process as soon as the server is gone, even when that was killed, where the system has a signal for
    it: on Linux, also after another program took this process over."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent and os.getppid() != parent:
        os._exit(0)  # it died before the line above could take hold


def watch_parent() -> None:
    """Ends this process with the server everywhere: at the end of stdin, whose other side only the server holds."""
    threading.Thread(target=_end_with_stdin, name="parent-watch", daemon=True).start()


def _end_with_stdin() -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    end_children()
    os._exit(0)


def end_children() -> None:
    """Ends what this process started, such as a native server where one cannot take this process over."""
    import psutil

    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            child.kill()


def first_to_go() -> None:
    """Asks the kernel to take this process before the server when memory runs out."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800", "ascii")


def show_as(name: str) -> None:
    """Names the process in `ps` and `top`, where the platform makes that cheap."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode()[:15])
