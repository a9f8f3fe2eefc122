"""The agent as a child of this process: it has the terminal, and this process waits to tidy up after it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType


def run(command: Sequence[str], environ: Mapping[str, str], begun: Callable[[int], None]) -> int:
    """Runs a program in the foreground and returns its exit code as a shell would. Ctrl+C is the program's own affair;
    SIGTERM and SIGHUP are passed on to it, and it is waited for. Raises OSError when it cannot be started."""
    process = subprocess.Popen(command, env=dict(environ))
    with _passing_on(process):
        begun(process.pid)
        code = process.wait()
    return code if code >= 0 else 128 - code


@contextmanager
def _passing_on(process: subprocess.Popen[bytes]) -> Iterator[None]:
    def pass_on(number: int, _: FrameType | None) -> None:
        if process.poll() is None:
            process.send_signal(number)

    numbers = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before = {number: signal.signal(number, pass_on) for number in numbers}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
