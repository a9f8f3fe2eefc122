"""A model's process before it knows its model: started in a private folder of its own, waiting to be told. One waits
ready for the next load, which then does not wait for Python to start."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from serai.hosting import environment

WORKER = (sys.executable, "-P", "-m", "serai.engines.worker")


@dataclass(slots=True)
class Begun:
    """`gone` is set the moment the process ends, for whatever reason."""

    scratch: Path
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    process: asyncio.subprocess.Process | None = None

    async def start(self, command: tuple[str, ...], environ: Mapping[str, str]) -> None:
        """Starts it. Raises OSError."""
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.subprocess_exec(
            lambda: _Protocol(loop, self.gone),
            *command,
            cwd=self.scratch,
            env=environment.clean(environ, self.scratch),
            start_new_session=True,
        )
        self.process = asyncio.subprocess.Process(transport, protocol, loop)

    def kill(self) -> None:
        """Ends the process at once, with all that it started."""
        if self.process is not None and self.process.returncode is None:
            self.end_group()
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()

    def end_group(self) -> None:
        """The process leads a group of its own, which outlives it as long as something it started does."""
        if hasattr(os, "killpg") and self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


class Spare:
    """At most one process that waits."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._waiting: Begun | None = None
        self._starting: asyncio.Task[None] | None = None
        self._closed = False

    def take(self) -> Begun | None:
        """The one that waits, which is then the taker's to end; None where there is none, or it has ended."""
        begun, self._waiting = self._waiting, None
        if begun is not None and begun.gone.is_set():
            environment.remove_scratch(begun.scratch)
            return None
        return begun

    def refill(self) -> None:
        """Has one wait soon; what fails is tried again at the next load."""
        if self._waiting is None and self._starting is None and not self._closed:
            self._starting = asyncio.create_task(self._start())

    async def close(self) -> None:
        """Also when cancelled: then without waiting for its end."""
        self._closed = True
        try:
            if self._starting is not None:
                await asyncio.wait([self._starting])
        finally:
            if begun := self.take():
                begun.kill()
        if begun is not None:
            await begun.gone.wait()
            environment.remove_scratch(begun.scratch)

    async def _start(self) -> None:
        begun = Begun(environment.make_scratch())
        try:
            await begun.start(WORKER, self._environ)
            self._waiting = begun
        except OSError:
            environment.remove_scratch(begun.scratch)
        finally:
            self._starting = None


class _Protocol(asyncio.subprocess.SubprocessStreamProtocol):
    """Tells of the exit the moment it happens; `Process.wait` waits for the pipes too, which a grandchild may hold."""

    def __init__(self, loop: asyncio.AbstractEventLoop, gone: asyncio.Event) -> None:
        super().__init__(limit=1 << 20, loop=loop)
        self._gone = gone

    def process_exited(self) -> None:
        super().process_exited()
        self._gone.set()
