"""Programs that Serai runs to their end: pip, cmake, compilers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path

from serai.errors import SeraiError

_LOOK_S = 0.2
_SECRET = ("TOKEN", "SECRET", "PASSWORD", "PASSWD", "API_KEY", "CREDENTIAL")


class ToolFailed(SeraiError):
    """A program ended with an error; `log` are its last lines."""

    code = "tool_failed"


def environment(environ: Mapping[str, str], **more: str) -> dict[str, str]:
    """Where programs, proxies and package registries are; none of Serai's own variables and no secrets."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(("SERAI_", "HF_", "LLAMA_")) and not any(word in name.upper() for word in _SECRET)
    } | more


async def run(
    command: Sequence[str],
    folder: Path,
    environ: Mapping[str, str],
    heard: Callable[[str], None] = lambda _line: None,
) -> None:
    """Runs a program in a folder; returns when it ended well and `heard` got its lines. Raises ToolFailed.

    Cancelled, it ends the program with all that it started. When the server is killed, the program ends too, and what
    it started soon after; the next run in the same folder waits for that, so that two never write there at once."""
    lines: deque[str] = deque(maxlen=12)
    async with _alone(folder) as lock:
        process = await _start(command, folder, environ, lock)
        try:
            assert process.stdout is not None
            async for line in _lines(process.stdout):
                lines.append(line)
                heard(line)
            status = await process.wait()
        except BaseException:
            _end(process)
            await process.wait()
            raise
    if status:
        raise _failed(command[0], status, lines)


async def _start(
    command: Sequence[str], folder: Path, environ: Mapping[str, str], lock: int | None
) -> asyncio.subprocess.Process:
    source = str(Path(__file__).parents[2])
    leash = (sys.executable, "-P", "-c", _LEASH, source, str(os.getpid()))
    return await asyncio.create_subprocess_exec(
        *leash,
        *command,
        cwd=folder,
        env=dict(environ),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
        pass_fds=() if lock is None else (lock,),
    )


_LEASH = "import sys; sys.path.insert(0, sys.argv.pop(1)); from serai.building.leash import main; main()"
"""The program's PYTHONPATH is its own affair, so the way to the leash is told otherwise."""


@contextlib.asynccontextmanager
async def _alone(folder: Path) -> AsyncGenerator[int | None, None]:
    """Holds the folder for whoever inherits the descriptor: it is free again when the last of them has ended."""
    if sys.platform == "win32":
        yield None
        return
    import fcntl

    lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(_LOOK_S)
        yield lock
    finally:
        os.close(lock)


async def _lines(stream: asyncio.StreamReader) -> AsyncGenerator[str, None]:
    """Lines as they come, of programs that draw bars too; a line that is longer than any buffer comes in parts."""
    rest = b""
    while piece := await stream.read(1 << 16):
        *whole, rest = (rest + piece).replace(b"\r", b"\n").split(b"\n")
        for line in whole:
            if text := line.decode("utf-8", "replace").strip():
                yield text
        if len(rest) > 1 << 20:
            rest = b""
    if rest:
        yield rest.decode("utf-8", "replace").strip()


def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _failed(program: str, status: int, lines: deque[str]) -> ToolFailed:
    name = Path(program).name
    how = f"status {status}" if status > 0 else f"signal {-status}"
    last = next((line for line in reversed(lines) if "error" in line.lower()), lines[-1] if lines else "")
    return ToolFailed(
        f"{name} ended with {how}{': ' + last if last else '.'}",
        hint="The log of the job says more; mend that and resume the job.",
        log=list(lines),
    )
