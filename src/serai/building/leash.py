"""Runs a program that ends with the server: `python -m serai.building.leash PARENT PROGRAM …`.

It gives way to everything else on the machine, since what it runs is never urgent."""

from __future__ import annotations

import os
import sys

_PR_SET_PDEATHSIG = 1
_SIGKILL = 9
_GIVES_WAY = 15


def main() -> None:
    """Becomes the program. Only Linux ends it when the server is killed; elsewhere it runs to its end."""
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if hasattr(os, "nice"):
        os.nice(_GIVES_WAY)
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL)
        if os.getppid() != parent:
            os._exit(1)  # it died before the line above could take hold
    try:
        os.execvp(program[0], program)  # noqa: S606 - a shell is what it must not have
    except OSError as error:
        sys.exit(f"{program[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
