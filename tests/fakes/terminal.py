"""A person at a terminal: `serai` under a pseudo-terminal, what it shows, and keys."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

from tests.fakes.cli import ENV, ROOT

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r")
CTRL_C, CTRL_D = "\x03", "\x04"


class Terminal:
    """Starts `serai` on a terminal of its own. `shown` is everything until now, without the control codes."""

    def __init__(self, home: Path, *args: str, **env: str) -> None:
        self._master, slave = pty.openpty()
        self.raw = ""
        self._read = 0
        own = {**ENV, "SERAI_HOME": str(home), "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24", **env}
        command = [sys.executable, "-m", "tests.fakes.app", *args]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=own,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509
        )
        os.close(slave)

    def expect(self, text: str, seconds: float = 20) -> str:
        """Waits until the text is shown, after what was expected before; returns what came until then."""
        deadline = time.monotonic() + seconds
        while (found := self.shown.find(text, self._read)) < 0:
            assert time.monotonic() < deadline, f"{text!r} was not shown in {self.shown[self._read :]!r}"
            if not self._receive(deadline - time.monotonic()):
                raise AssertionError(f"it ended without {text!r}: {self.shown[self._read :]!r}")
        before = self.shown[self._read : found]
        self._read = found + len(text)
        return before

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def enter(self, line: str) -> None:
        self.type(f"{line}\r")

    def ended(self, seconds: float = 20) -> int:
        """The exit code, after reading what was still shown."""
        deadline = time.monotonic() + seconds
        while self._receive(deadline - time.monotonic()):
            assert time.monotonic() < deadline, f"it did not end: {self.shown[-500:]!r}"
        return self.process.wait(max(0.1, deadline - time.monotonic()))

    def press_until_ended(self, key: str, seconds: float = 20) -> int:
        """Presses a key as an impatient person does, and returns the exit code. (An interrupt that comes in the moment
        before the line editor listens waits for the next key.)"""
        deadline = time.monotonic() + seconds
        self.type(key)
        while self._receive(0.5):
            assert time.monotonic() < deadline, f"it did not end: {self.shown[-500:]!r}"
            with contextlib.suppress(OSError):
                self.type(key)
        return self.process.wait(max(0.1, deadline - time.monotonic()))

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._master)

    @property
    def shown(self) -> str:
        return ESCAPES.sub("", self.raw)

    def _receive(self, seconds: float) -> bool:
        """False once nobody writes any more."""
        ready, _, _ = select.select([self._master], [], [], max(0, seconds))
        if not ready:
            return True
        with contextlib.suppress(OSError):  # Linux: the other side was closed
            if data := os.read(self._master, 65536):
                self.raw += data.decode("utf-8", "replace")
                return True
        return False


def _take_terminal() -> None:
    """Makes the pseudo-terminal the child's own, so that Ctrl+C is an interrupt as for a person."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
