"""How a model is launched on this machine: engine, context, threads, memory for the prompt cache."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from serai import loading, registry
from serai.errors import MissingExtra
from serai.hosting import failure
from serai.hosting.memory import Header, parallel_that_fits
from serai.hosting.process import ModelProcess
from serai.registry import Engine, Launch
from serai.settings import Models
from serai.types import Model

_BYTES_PER_THREAD = 64 * 1024 * 1024
_UNKNOWN_SIZE = 1 << 40
_CGROUP = Path("/sys/fs/cgroup/cpu.max")


Launcher = Callable[[Model, Models, Header | None], ModelProcess]


@dataclass(frozen=True, slots=True)
class Machine:
    """What this machine has: cores, how many of them are in use, and memory in bytes."""

    cores: int
    busy: float
    memory: int
    free: int


def launcher(environ: Mapping[str, str], log: Callable[[str, str], None]) -> Launcher:
    """Makes processes for models by the engines that are here. `log` gets a model's name and a line of its log."""

    def make(model: Model, settings: Models, header: Header | None) -> ModelProcess:
        forced = loading.read(model.loading).engine
        engine = registry.engines().get(forced or model.engine) or registry.engine_for(model.format)
        if engine is None:
            raise failure.load_failed(model.name, "unsupported", f"no engine here runs {model.format or 'its format'}")
        _check_installed(engine)
        launch = plan(engine.name, model, settings, header, machine())
        return ModelProcess(launch, environ=environ, explain=engine.explain, log=lambda line: log(model.name, line))

    return make


def _check_installed(engine: Engine) -> None:
    """Raises MissingExtra where a module is not here that the engine's process would import."""
    if engine.extra and registry.missing(engine):
        raise MissingExtra(f"The engine {engine.title}", engine.extra)


def plan(engine: str, model: Model, settings: Models, header: Header | None, machine: Machine) -> Launch:
    """What to tell the model's process: what was set for the model, over the settings for all. Pure."""
    own = loading.read(model.loading)
    size = header.size if header else model.size or _UNKNOWN_SIZE
    asked = own.context or settings.context
    context = min(model.context_length or asked, asked)
    return Launch(
        engine=engine,
        model=model.name,
        path=str(Path(model.path).absolute()) if model.path else "",
        context=context,
        parallel=parallel_that_fits(own.parallel or settings.parallel, context, header, machine.free),
        threads=threads(own.threads or settings.threads, machine.cores, machine.busy, size),
        gpu_layers=settings.gpu_layers if own.gpu_layers is None else own.gpu_layers,
        device=own.device or settings.device,
        cache_mb=max(64, min(2048, machine.memory // (16 * 1024 * 1024))),
        kv_type=own.kv_type or "f16",
        flash_attention=own.flash_attention,
        dtype=own.dtype or "auto",
        bits=own.bits or 0,
        speculation=own.speculation is not False,
        parent=os.getpid(),
    )


def threads(asked: int, cores: int, busy: float, size: int) -> int:
    """As many as asked, else one for every core that others leave free, but at least half of them. A small model gets
    fewer: its threads would spend more time meeting each other than working."""
    if asked:
        return asked
    worth = 1 + size // _BYTES_PER_THREAD
    return min(worth, max(1, (cores + 1) // 2, cores - round(busy)))


def machine() -> Machine:
    """This machine, now; `busy` is the mean of the last minute."""
    memory = psutil.virtual_memory()
    return Machine(cores=cores(), busy=psutil.getloadavg()[0], memory=memory.total, free=memory.available)


def cores() -> int:
    """The physical cores this process may use, by affinity and by its container's quota."""
    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        physical = min(physical, len(os.sched_getaffinity(0)))
    return max(1, min(physical, _quota(_CGROUP, physical)))


def _quota(path: Path, otherwise: int) -> int:
    try:
        quota, period = path.read_text("ascii").split()
    except (OSError, ValueError):
        return otherwise
    return otherwise if quota == "max" else max(1, round(int(quota) / int(period)))
