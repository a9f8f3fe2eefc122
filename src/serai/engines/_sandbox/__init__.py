"""The sandbox of a model's process: what the process takes from itself before it reads a byte of a model.

`apply` is called once, at the start, by `worker.py`. What each system gives is in its own file; `python -m
serai.engines._sandbox` tries it out in a process of its own and says what held, for `serai doctor`."""

from __future__ import annotations

import sys

from serai.engines._sandbox.facts import Protection
from serai.registry import Launch

OFF = Protection(how="switched off by models.sandbox")


def apply(launch: Launch, *, processes: bool = False) -> Protection:
    """Confines this process for good, as far as this machine can, unless the launch says `off`. It may start others
    only with `processes`, or where a native program takes its place. Call it before a second thread is started."""
    processes = processes or bool(launch.program)
    if launch.sandbox == "off":
        return OFF
    if sys.platform == "linux":
        from serai.engines._sandbox import linux

        return linux.apply(launch, processes)
    if sys.platform == "darwin":
        from serai.engines._sandbox import macos

        return macos.apply(launch, processes)
    if sys.platform == "win32":
        from serai.engines._sandbox import windows

        return windows.apply(launch, processes)
    return Protection(how=f"Serai knows no protection for {sys.platform}")


__all__ = ["OFF", "Protection", "apply"]
