"""How a model is launched on this machine: engine, context, threads, memory for the prompt cache."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from serai import loading, registry
from serai.errors import MissingExtra
from serai.hosting import companions, failure, native
from serai.hosting.begun import Spare
from serai.hosting.budget import MB, Device, Plan
from serai.hosting.fitting import LEAST_CACHE, Choice, Wish
from serai.hosting.llama import LlamaProcess
from serai.hosting.process import ModelProcess
from serai.hosting.slots import Slots
from serai.hub.shape import Shape
from serai.registry import Engine, Launch
from serai.settings import Models
from serai.types import TEXT_GENERATION, Model

_BYTES_PER_THREAD = 64 * 1024 * 1024
_UNKNOWN_SIZE = 1 << 40
_CGROUP = Path("/sys/fs/cgroup/cpu.max")
_CHECKPOINTS = 3
"""States kept of each stream of a model whose memory cannot be rolled back: each takes as much as its windows."""

_BATCH_SECONDS = 0.25
_FLOPS_PER_THREAD = 100e9
_BYTES_PER_PARAMETER = 0.6
_SMALLEST_BATCH, _LARGEST_BATCH = 64, 512

Launcher = Callable[[Model, Models, Choice | None], ModelProcess]


@dataclass(frozen=True, slots=True)
class Machine:
    """What this machine has: cores, how many of them other programs use, and memory in bytes; and how many models are
    answering now."""

    cores: int
    busy: int
    memory: int
    answering: int = 0


def launcher(
    environ: Mapping[str, str],
    log: Callable[[str, str], None],
    home: Path | None = None,
    answering: Callable[[], int] = lambda: 0,
    busy: Callable[[], int] = lambda: 0,
    spare: Spare | None = None,
) -> Launcher:
    """Makes processes for models by the engines that are here. `log` gets a model's name and a line of its log; native
    servers are those under `home`; `answering` says how many models are answering now, `busy` how many cores others
    use; `spare` may hold a process that was begun already."""

    def make(model: Model, settings: Models, choice: Choice | None) -> ModelProcess:
        engine = registry.engines()[engine_of(model)]
        _check_installed(engine)
        launch = plan(engine.name, model, settings, choice, machine(answering(), busy()))
        told: dict[str, Any] = {
            "environ": environ,
            "explain": engine.explain,
            "log": lambda line: log(model.name, line),
        }
        begun = spare.take if spare else lambda: None
        if engine.name != "llama.cpp":
            return ModelProcess(launch, **told, begun=begun())
        launch = _accompanied(launch, model)
        if home is None:
            return LlamaProcess(launch, **told, begun=begun())
        slots = Slots(home / "cache" / "slots") if settings.keep_read and launch.task == TEXT_GENERATION else None
        return LlamaProcess(native.equip(launch, home, settings.llama_server), slots=slots, **told, begun=begun())

    return make


def engine_of(model: Model) -> str:
    """The engine that runs it: the one that was chosen for it, or the first that runs its format. Raises LoadFailed."""
    forced = loading.read(model.loading).engine
    engine = registry.engines().get(forced or model.engine) or registry.engine_for(model.format)
    if engine is None:
        raise failure.load_failed(model.name, "unsupported", f"no engine here runs {model.format or 'its format'}")
    return engine.name


def _check_installed(engine: Engine) -> None:
    """Raises MissingExtra where a module is not here that the engine's process would import."""
    if engine.extra and registry.missing(engine):
        raise MissingExtra(f"The engine {engine.title}", engine.extra)


def _accompanied(launch: Launch, model: Model) -> Launch:
    """With the files that belong to the model, whose headers were read. Raises LoadFailed."""
    sees, adapts = companions.projector(model), companions.adapters(model)
    companions.check(model, sees, adapts)
    return replace(launch, projector=sees, adapters=adapts)


def plan(engine: str, model: Model, settings: Models, choice: Choice | None, machine: Machine) -> Launch:
    """What to tell the model's process: what was set for the model, over the settings for all, as far as it was found
    to fit. Pure."""
    own = loading.read(model.loading)
    launch = Launch(
        engine=engine,
        model=model.name,
        path=str(Path(model.path).absolute()) if model.path else "",
        task=model.task,
        context=context_of(model, settings),
        parallel=own.parallel or settings.parallel,
        threads=threads(own.threads or settings.threads, machine, model.size or _UNKNOWN_SIZE),
        gpu_layers=settings.gpu_layers if own.gpu_layers is None else own.gpu_layers,
        device=own.device or settings.device,
        cache_mb=most_cache(machine.memory) // MB,
        kv_type=own.kv_type or "f16",
        flash_attention=own.flash_attention,
        dtype=own.dtype or "auto",
        bits=own.bits or 0,
        chat_template=own.chat_template or "",
        speculation=own.speculation is not False,
        sandbox=settings.sandbox,
        parent=os.getpid(),
    )
    return fitted(launch, choice) if choice else launch


def fitted(launch: Launch, choice: Choice) -> Launch:
    """The same with the numbers that were found to fit."""
    chosen = choice.plan
    on_gpu = chosen.layers if choice.graphics else launch.gpu_layers
    return replace(
        launch,
        context=chosen.context,
        parallel=chosen.parallel,
        gpu_layers=on_gpu,
        cache_mb=chosen.cache // MB,
        batch=chosen.batch,
        checkpoints=chosen.checkpoints,
        flash_attention=launch.flash_attention if chosen.attention else False,
        memory_limit=0 if choice.graphics else most_memory(choice.need.total),
        device_reason=choice.device_reason,
        shortened=choice.shortened,
    )


def wish(engine: str, model: Model, settings: Models, shape: Shape, devices: Sequence[Device], cores: int = 1) -> Wish:
    """What is asked for a model, and what nobody chose for it. Raises LoadFailed when a file is missing that was set
    to belong to it."""
    own = loading.read(model.loading)
    layers = settings.gpu_layers if own.gpu_layers is None else own.gpu_layers
    graphics = any(device.kind == "gpu" for device in devices) and (own.device or settings.device) != "cpu"
    memory = sum(device.total for device in devices if device.kind == "cpu")
    llama = engine == "llama.cpp"
    keeps = llama and not own.adapters
    asked = Plan(
        engine=engine,
        context=min(context_of(model, settings), shape.context or 1 << 32),
        parallel=own.parallel or settings.parallel,
        kv_type=own.kv_type or "f16",
        batch=batch_size(shape.size, own.threads or settings.threads or cores, graphics and layers != 0),
        layers=max(0, layers) if graphics else 0,
        cache=LEAST_CACHE if keeps else 0,
        checkpoints=_CHECKPOINTS if llama and shape.windowed else 0,
        attention=own.flash_attention is not False,
        dtype=own.dtype or "auto",
        bits=own.bits or 0,
        beside=companions.size(model) if llama else 0,
        sees=llama and companions.sees(model),
    )
    return Wish(
        plan=asked,
        any_context=own.context is None,
        any_parallel=own.parallel is None,
        any_layers=graphics and layers < 0,
        any_attention=llama and own.flash_attention is None,
        most_cache=most_cache(memory) if keeps else 0,
        graphics=graphics,
    )


def context_of(model: Model, settings: Models) -> int:
    """The context that is asked for: the model's own setting or everyone's, and never more than it can read."""
    asked = loading.read(model.loading).context or settings.context
    return min(model.context_length or asked, asked)


def most_cache(memory: int) -> int:
    """Bytes for past prompts on a machine with so much memory."""
    return max(64, min(2048, memory // (16 * MB))) * MB


def most_memory(needed: int) -> int:
    """Bytes that a model's process may take at the very most: what it needs twice over, and room for libraries. A
    bound on a process that runs wild, not a forecast."""
    return 2 * needed + (1 << 30)


def batch_size(model_bytes: int, threads: int, on_gpu: bool) -> int:
    """Prompt tokens that are read in one go. A cancelled call holds its slot, and other streams wait, until the
    batch at hand is done: so about a quarter of a second's worth, as a power of two from 64 to 512."""
    if on_gpu:
        return _LARGEST_BATCH
    tokens_per_second = _FLOPS_PER_THREAD * threads / (2 * max(1.0, model_bytes / _BYTES_PER_PARAMETER))
    wanted = max(_SMALLEST_BATCH, min(_LARGEST_BATCH, int(_BATCH_SECONDS * tokens_per_second)))
    return 1 << (wanted.bit_length() - 1)


def threads(asked: int, machine: Machine, size: int) -> int:
    """As many as asked, else one for every core that others leave free, but at least a fair share: the cores over all
    models that answer, this one included, and half of them where other programs keep them busy. A small model gets
    fewer: its threads would spend more time meeting each other than working."""
    if asked:
        return asked
    worth = 1 + size // _BYTES_PER_THREAD
    share = -(-machine.cores // (machine.answering + 1))
    fair = min(share, (machine.cores + 1) // 2)
    return min(worth, max(1, fair, min(share, machine.cores - machine.busy)))


def machine(answering: int = 0, busy: int = 0) -> Machine:
    """This machine, now."""
    return Machine(cores=cores(), busy=busy, memory=psutil.virtual_memory().total, answering=answering)


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
