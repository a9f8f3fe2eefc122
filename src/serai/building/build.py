"""Builds a native llama-server for this very machine, as a job."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil

from serai import machine
from serai.building import commands, source, toolchain, trial
from serai.hosting import launching, native
from serai.hub.faults import DiskFull
from serai.jobs.kinds import JobContext

_SPACE = 3 << 30
_MEMORY_PER_COMPILER = 1 << 30
_STEP = re.compile(r"\[\s*(\d+)(?:/(\d+)\]|%\])")


class Build:
    """The job kind `engine.build`. Its folder stays when it is interrupted, so that it goes on where it was; what is
    left of it is removed when it is done or cancelled.

    `guide` is the model that the result is tried with; `use` takes the name of a server that was built well."""

    kind = "engine.build"

    def __init__(
        self,
        home: Path,
        guide: Path,
        environ: Mapping[str, str],
        *,
        use: Callable[[str], None] = lambda _name: None,
        log: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._home = home
        self._guide = guide
        self._environ = environ
        self._use = use
        self._log = log

    async def run(self, job: JobContext) -> dict[str, Any]:
        """Fetches the source, builds, tries the result against the wheel and keeps it. Raises ToolFailed, BadSource,
        DiskFull, Unfit or LoadFailed."""
        version, _ = source.pinned("llama.cpp")
        folder = self._home / "engines" / "build" / version
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            binary = await self._make(job, folder)
            server = await self._keep(job, binary)
        except asyncio.CancelledError:
            if job.stopping == "cancelled":
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            raise
        except OSError as error:
            if error.errno in source.FULL:
                raise _no_space(folder) from error
            raise
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        self._use(server.name)
        return {"engine": server.name, "version": server.version, "features": list(server.features)}

    async def _make(self, job: JobContext, folder: Path) -> Path:
        build = folder / "build"
        _check_space(folder)
        job.progress(done=0, note="fetching the source")
        archive = await source.fetch(folder, self._environ, self._hear(job))
        tree = await asyncio.to_thread(source.unpack, archive, folder / "source")
        tools = self._home / "engines" / "tools"
        chain = toolchain.find(self._environ, tools)
        if chain.missing:
            job.progress(note="fetching tools")
            await toolchain.fetch(chain, tools, self._environ, self._hear(job))
        await job.save({"compiler": chain.compiler[1], "gpu": chain.gpu})
        environ = commands.environment(self._environ, LC_ALL="C", NINJA_STATUS="[%f/%t] ")
        job.progress(note="preparing")
        await commands.run(chain.configure(tree, build), folder, environ, self._hear(job))
        job.progress(note="compiling")
        await commands.run(chain.build(build, _compilers()), folder, environ, self._hear(job))
        return build / "bin" / native.PROGRAM

    async def _keep(self, job: JobContext, binary: Path) -> native.Server:
        job.progress(note="comparing it with the wheel")
        await trial.compare(str(binary), self._guide, self._environ)
        usual = await trial.run(str(binary), self._guide, self._environ, device="auto")
        digest = await asyncio.to_thread(lambda: hashlib.sha256(binary.read_bytes()).hexdigest())
        version = await version_of(str(binary), self._environ)
        facts = {
            "version": version,
            "features": [*machine.cpu()["features"], *_gpu(usual)],
            "digest": digest,
            "built_at": time.time(),
        }
        return await asyncio.to_thread(native.keep, self._home, binary, f"{version}-{digest[:8]}", facts)

    def _hear(self, job: JobContext) -> source.Heard:
        """Passes lines on to the log, and numbers in them as progress."""

        def hear(line: str) -> None:
            if transfer := re.fullmatch(r"Progress (\d+) of (\d+)", line):
                job.progress(done=int(transfer[1]), total=int(transfer[2]))
            elif step := _STEP.match(line):
                job.progress(done=int(step[1]), total=int(step[2] or 100))
            else:
                self._log(line)

        return hear


async def check(home: Path, name: str, guide: Path, environ: Mapping[str, str]) -> None:
    """Raises unless a llama-server can be used: NotFound for a name that there is not; for a path BadRequest,
    ToolFailed, LoadFailed or Unfit."""
    if not native.is_path(name):
        native.find(home, name)
        return
    native.check_program(name)
    await version_of(name, environ)
    await trial.run(name, guide, environ)


async def version_of(program: str, environ: Mapping[str, str]) -> str:
    """What a llama-server calls itself. Raises ToolFailed when it is none, or does not run here."""
    lines: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        await commands.run((program, "--version"), Path(folder), commands.environment(environ), lines.append)
    for line in lines:
        if found := re.search(r"version:?\s+(\S+)", line):
            return re.sub(r"[^0-9A-Za-z._-]", "-", found[1])
    raise commands.ToolFailed(f"{program} does not say a version.", hint="Is it a llama-server?", log=lines[-8:])


def _gpu(tried: trial.Trial) -> list[str]:
    """The GPU that a model was run on, by name."""
    return [str(tried.facts["device_reason"])] if tried.facts.get("device") == "gpu" else []


def _compilers() -> int:
    """How many run at once: one for each core, as memory allows; they give way to everything else."""
    fit = psutil.virtual_memory().available // _MEMORY_PER_COMPILER
    return max(1, min(launching.cores(), os.cpu_count() or 1, fit))


def _check_space(folder: Path) -> None:
    if shutil.disk_usage(folder).free < _SPACE:
        raise _no_space(folder)


def _no_space(folder: Path) -> DiskFull:
    free = shutil.disk_usage(folder).free / (1 << 30)
    return DiskFull(
        f"Building needs {_SPACE >> 30} GB of disk for a while; {free:.1f} GB are free.",
        hint="Make room, then resume the job.",
    )
