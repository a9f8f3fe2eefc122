"""The server that an agent asks: the one that runs, or one that is started for as long as the agent needs it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from serai.errors import TimedOut, Unreachable

if TYPE_CHECKING:
    from serai.cli.server_file import Running

START_S = 60.0
LOOK_S = 0.05
STOP_S = 20.0


@contextmanager
def reached(*, lasting: bool = False) -> Iterator[Running]:
    """The server of this home; where none runs, a new one on a free port of this machine, which ends with the block.
    Raises Unreachable when it does not start, or when one is needed that lasts and none runs."""
    from serai.cli.connection import running

    if found := running():
        yield found
        return
    if lasting:
        raise Unreachable("Serai does not run.", hint="Start it with `serai serve`, then ask again.")
    command = [sys.executable, "-m", "serai", "serve", "--no-browser", "--port", "0"]
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True)
    try:
        yield _started(process)
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _started(process: subprocess.Popen[bytes]) -> Running:
    from serai.cli.connection import running

    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if (found := running()) and found.pid == process.pid:
            return found
        if process.poll() is not None:
            raise Unreachable("Serai could not be started for it.", hint="`serai serve` says why.")
        time.sleep(LOOK_S)
    raise TimedOut("Serai did not start in time.", hint="`serai logs` may say why.")
