"""One model's process: started, watched, spoken to, ended. What it runs is told by a Launch."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import secrets
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp

from serai.errors import ModelCrashed
from serai.hosting import environment, failure
from serai.hosting.begun import WORKER, Begun
from serai.registry import Launch

_TERMINATE_S = 2.0
_READY_POLL_S = 0.01
_MOST_FACTS = 64
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None)


class ModelProcess:
    """Made idle; `start` makes it ready or raises LoadFailed; `stop` leaves nothing behind.

    `gone` is set the moment the process ends, for whatever reason; `returncode` then says how. `begun` is a process
    that waits already to be told."""

    def __init__(
        self,
        launch: Launch,
        *,
        environ: Mapping[str, str],
        explain: failure.Explain = lambda _lines: None,
        log: Callable[[str], None] = lambda _line: None,
        command: tuple[str, ...] = WORKER,
        unix_socket: bool = hasattr(socket, "AF_UNIX") and sys.platform != "win32",
        begun: Begun | None = None,
    ) -> None:
        self._environ = environ
        self._explain = explain
        self._log = log
        self._command = command
        self._unix_socket = unix_socket
        self._renew(launch, begun)

    def _renew(self, launch: Launch, begun: Begun | None = None) -> None:
        """Idle, as if it had just been made; only when it is idle or has been stopped. A process that was begun
        already is gone on with."""
        self._begun = begun or Begun(environment.make_scratch())
        self.scratch, self.gone = self._begun.scratch, self._begun.gone
        self.launch = _address(launch, self.scratch, self._unix_socket)
        self.facts: dict[str, Any] = {}
        self.lines: deque[str] = deque(maxlen=200)
        self.load_s = 0.0
        self._session: aiohttp.ClientSession | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping: asyncio.Task[None] | None = None

    @property
    def _process(self) -> asyncio.subprocess.Process | None:
        return self._begun.process

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def started(self) -> bool:
        """Whether there is a process, also one that has ended."""
        return self._process is not None

    @property
    def returncode(self) -> int | None:
        return self._process.returncode if self._process else None

    async def start(self, timeout: float) -> None:
        """Starts the process and waits until it is ready. Raises LoadFailed; nothing is left then."""
        began = time.monotonic()
        try:
            await self._spawn()
            async with asyncio.timeout(timeout):
                await self._ready()
        except TimeoutError:
            await self.stop()
            raise failure.load_failed(self.launch.model, "timed_out", f"after {timeout:g} s") from None
        except OSError as error:
            await self.stop()
            cause = "out_of_memory" if error.errno == errno.ENOMEM else "crashed"
            raise failure.load_failed(self.launch.model, cause, error.strerror or str(error)) from error
        except BaseException:
            await self.stop()
            raise
        self.load_s = time.monotonic() - began

    async def post(self, path: str, body: bytes) -> aiohttp.ClientResponse:
        """Sends a JSON request; the response's body is not read yet. Closing the response ends the work."""
        assert self._session is not None
        return await self._session.post(path, data=body, headers={"content-type": "application/json"})

    async def get(self, path: str) -> Any:
        """Reads a small JSON document such as /slots."""
        assert self._session is not None
        async with self._session.get(path) as response:
            return await response.json()

    async def crash(self, within: float = 0.5) -> ModelCrashed | None:
        """The error for a broken connection, if the process ends or has ended: the two are seen a moment apart."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self.gone.wait()
        return failure.crashed(self.launch.model, self.returncode or 0) if self.gone.is_set() else None

    async def stop(self) -> None:
        """Ends the process and all it started, waits for that, and removes its folder. Cancelled, it ends it hard and
        still waits. All who call it wait for the same end."""
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._end())
        try:
            await asyncio.shield(self._stopping)
        except asyncio.CancelledError:
            self.kill()
            await self._stopping
            raise

    def kill(self) -> None:
        """Ends the process at once, with all that it started."""
        self._begun.kill()

    async def _spawn(self) -> None:
        if self._process is None:
            await self._begun.start(self._command, self._environ)
        assert self._process is not None
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._tasks = [
            asyncio.create_task(self._hear(self._process.stdout)),
            asyncio.create_task(self._keep_log(self._process.stderr)),
        ]
        with contextlib.suppress(ConnectionError):
            self._process.stdin.write(json.dumps(self.launch.as_dict()).encode() + b"\n")
            await self._process.stdin.drain()
        self._session = _session(self.launch)

    async def _ready(self) -> None:
        """Polls /health until it says ready; a process that ends meanwhile is seen at once."""
        while not self.gone.is_set():
            if await self._healthy():
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_READY_POLL_S):
                    await self.gone.wait()
        self._begun.end_group()
        await asyncio.gather(*self._tasks)
        assert self.returncode is not None
        raise failure.from_exit(self.launch.model, self.returncode, self.facts, self.lines, self._explain)

    async def _healthy(self) -> bool:
        assert self._session is not None
        if self.launch.socket and not Path(self.launch.socket).exists():
            return False
        try:
            async with self._session.get("/health") as response:
                return response.status == 200
        except (aiohttp.ClientError, OSError):
            return False

    async def _hear(self, stdout: asyncio.StreamReader) -> None:
        """Takes the facts that the worker tells, up to a number of them; anything else on stdout is log."""
        while line := await _line(stdout):
            try:
                told = dict(json.loads(line)) if len(self.facts) < _MOST_FACTS else None
            except (ValueError, TypeError, RecursionError):
                told = None
            if told is None:
                self._note(line)
            else:
                self.facts.update(told)

    async def _keep_log(self, stderr: asyncio.StreamReader) -> None:
        while line := await _line(stderr):
            self._note(line)

    def _note(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip()
        self.lines.append(text)
        self._log(text)

    async def _end(self) -> None:
        """Ends the process, kills what it may have left in its group, then frees session, pipes and folder."""
        if self._process is not None:
            await self._end_process(self._process)
            self._begun.end_group()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if self._process.stdin:
                self._process.stdin.close()
        if self._session is not None:
            await self._session.close()
        environment.remove_scratch(self.scratch)

    async def _end_process(self, process: asyncio.subprocess.Process) -> None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(_TERMINATE_S):
                await self.gone.wait()
        except TimeoutError:
            self.kill()
            await self.gone.wait()


async def _line(stream: asyncio.StreamReader) -> bytes:
    """One line, or a part of one that is longer than the limit."""
    try:
        return await stream.readuntil(b"\n")
    except asyncio.IncompleteReadError as end:
        return end.partial
    except asyncio.LimitOverrunError as over:
        return await stream.readexactly(over.consumed)


def _address(launch: Launch, scratch: Path, unix_socket: bool) -> Launch:
    """A socket in the private folder, or a free loopback port with a token where there are no unix sockets."""
    launch = replace(launch, scratch=str(scratch))
    if unix_socket:
        return replace(launch, socket=str(scratch / "m.sock"), port=0, token="")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return replace(launch, socket="", port=probe.getsockname()[1], token=secrets.token_urlsafe(32))


def _session(launch: Launch) -> aiohttp.ClientSession:
    # Connections are not kept: one that the process closes for idleness just as we use it would break a call.
    connector: aiohttp.BaseConnector
    if launch.socket:
        connector = aiohttp.UnixConnector(path=launch.socket, limit=0, force_close=True)
        return aiohttp.ClientSession("http://model", connector=connector, timeout=_NO_TIMEOUT, read_bufsize=1 << 18)
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    headers = {"authorization": f"Bearer {launch.token}"}
    url = f"http://127.0.0.1:{launch.port}"
    return aiohttp.ClientSession(url, connector=connector, timeout=_NO_TIMEOUT, headers=headers)
