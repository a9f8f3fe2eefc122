"""How a model is launched on this machine: engine, context, threads, memory for the prompt cache."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from serai import loading, registry
from serai.hosting import companions, failure, native
from serai.hosting.llama import LlamaProcess
from serai.hosting.memory import Header, parallel_that_fits
from serai.hosting.process import ModelProcess
from serai.hosting.slots import Slots
from serai.registry import Launch
from serai.settings import Models
from serai.types import TEXT_GENERATION, Model

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


def launcher(environ: Mapping[str, str], log: Callable[[str, str], None], home: Path | None = None) -> Launcher:
    """Makes processes for models by the engines that are here. `log` gets a model's name and a line of its log; native
    servers are those under `home`."""

    def make(model: Model, settings: Models, header: Header | None) -> ModelProcess:
        forced = loading.read(model.loading).engine
        engine = registry.engines().get(forced or model.engine) or registry.engine_for(model.format)
        if engine is None:
            raise failure.load_failed(model.name, "unsupported", f"no engine here runs {model.format or 'its format'}")
        launch = plan(engine.name, model, settings, header, machine())
        told: dict[str, Any] = {
            "environ": environ,
            "explain": engine.explain,
            "log": lambda line: log(model.name, line),
        }
        if engine.name != "llama.cpp":
            return ModelProcess(launch, **told)
        launch = _accompanied(launch, model)
        if home is None:
            return LlamaProcess(launch, **told)
        slots = Slots(home / "cache" / "slots") if settings.keep_read and launch.task == TEXT_GENERATION else None
        return LlamaProcess(native.equip(launch, home, settings.llama_server), slots=slots, **told)

    return make


def _accompanied(launch: Launch, model: Model) -> Launch:
    """With the files that belong to the model, whose headers were read. Raises LoadFailed."""
    sees, adapts = companions.projector(model), companions.adapters(model)
    companions.check([path for path in (sees, *(path for path, _ in adapts)) if path])
    return replace(launch, projector=sees, adapters=adapts)


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
        task=model.task,
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
