"""Finds engines, providers, tasks and targets by scanning modules and entry points, without heavy imports.

One new file is one new engine: a module in `serai/engines/` that defines `ENGINE`. Such a module imports what is heavy
inside its functions, so reading its declaration is cheap. Another package joins by an entry point in the group
`serai.engines` that names a module of the same form."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from types import ModuleType
from typing import Any, Literal, Protocol

Kind = Literal["engines", "providers", "tasks", "targets"]


class Declaration(Protocol):
    """What a scanned module declares about itself; `name` is unique within its kind."""

    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Launch:
    """All that a model's process is told. It carries no secrets but `token`, which is made for this one process.

    The engine listens on the unix socket `socket`, or, where that is empty, on the loopback `port` for callers that
    send `token` as Bearer. `task` is what the model was made for, in the hub's word. `path`, `projector` and the
    adapters (with their scale) are files or folders on disk; a `chat_template` takes the place of the model's own;
    `readable` are all that the process may read besides its libraries; `program` is a native server to run in place of
    the engine's own; `memory_limit` is in bytes, 0 is none. `scratch` is the only folder it may write to, and `sandbox`
    is how it is confined: `auto` as far as the machine can, `required` whole or not at all, `off`. `batch` are the
    prompt tokens that are read at once and `checkpoints` how many states it keeps of each stream to go back to, 0
    leaves them to the engine. `device_reason` and `shortened` are words for people: why it runs where it does, and what
    is smaller than was asked."""

    engine: str
    model: str
    path: str
    task: str = ""
    socket: str = ""
    port: int = 0
    token: str = ""
    context: int = 8192
    parallel: int = 1
    threads: int = 1
    gpu_layers: int = -1
    device: str = "auto"
    cache_mb: int = 256
    kv_type: str = "f16"
    flash_attention: bool | None = None
    dtype: str = "auto"
    bits: int = 0
    projector: str = ""
    chat_template: str = ""
    adapters: tuple[tuple[str, float], ...] = ()
    speculation: bool = True
    program: str = ""
    readable: tuple[str, ...] = ()
    memory_limit: int = 0
    scratch: str = ""
    sandbox: str = "auto"
    batch: int = 0
    checkpoints: int = 0
    device_reason: str = ""
    shortened: str = ""
    parent: int = 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Engine:
    """The declaration of an engine. `serve(launch, report)` runs inside the model's process, never in the server: it
    calls `report` with facts (`device`, `device_reason`, `context`, `parallel`, `threads`) before it starts to load,
    then serves OpenAI's HTTP and SSE, with GET /health answering 200 once it is ready, and never returns.
    `explain(lines)` reads from the last lines on stderr which of LoadFailed's causes a process died of, with the
    engine's own words for it, or None. `requires` are the modules that its process imports; `extra` is the part of
    Serai that brings them, where the core does not. Its process may start others only if it declares `processes`; they
    are confined with it."""

    name: str
    title: str
    formats: tuple[str, ...]
    tasks: tuple[str, ...]
    serve: Callable[[Launch, Callable[[Mapping[str, Any]], None]], None]
    explain: Callable[[list[str]], tuple[str, str] | None] = lambda _lines: None
    requires: tuple[str, ...] = ()
    extra: str = ""
    processes: bool = False


@dataclass(frozen=True, slots=True)
class Broken:
    """A module that could not be read, and why; it hides no other."""

    module: str
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """Everything of one kind: the declarations by name, and the modules that could not be read."""

    by_name: Mapping[str, Any]
    broken: tuple[Broken, ...] = ()


@cache
def scan(kind: Kind) -> Found:
    """Reads all declarations of a kind; Serai's own win over an entry point of the same name."""
    attribute = kind.removesuffix("s").upper()
    by_name: dict[str, Any] = {}
    broken: list[Broken] = []
    for label, load in (*_own(kind), *_foreign(kind)):
        try:
            declaration: Declaration | None = getattr(load(), attribute, None)
            if declaration is not None:
                by_name.setdefault(declaration.name, declaration)
        except Exception as error:
            broken.append(Broken(label, f"{type(error).__name__}: {error}"))
    return Found(by_name, tuple(broken))


def engines() -> Mapping[str, Engine]:
    """The engines by name."""
    return scan("engines").by_name


def engine(name: str) -> Engine | None:
    """The engine of this name. Reads no more than that takes: a model's process is in a hurry."""
    for _, load in _own("engines"):
        with contextlib.suppress(Exception):  # a module that cannot be read hides no other
            own: Engine = load().ENGINE
            if own.name == name:
                return own
    return engines().get(name)


def engine_for(format: str) -> Engine | None:  # noqa: A002 - the field's own word
    """The engine that runs files of this format, if there is one."""
    return next((engine for engine in engines().values() if format in engine.formats), None)


def missing(engine: Engine) -> list[str]:
    """The modules that the engine's process would import and that are not here. Imports nothing."""
    return [module for module in engine.requires if importlib.util.find_spec(module) is None]


def _own(kind: Kind) -> Iterator[tuple[str, Callable[[], ModuleType]]]:
    package = importlib.import_module(f"serai.{kind}")
    for info in pkgutil.iter_modules(package.__path__):
        if not info.name.startswith("_"):
            name = f"serai.{kind}.{info.name}"
            yield name, lambda name=name: importlib.import_module(name)  # type: ignore[misc]


def _foreign(kind: Kind) -> Iterator[tuple[str, Callable[[], ModuleType]]]:
    from importlib.metadata import entry_points  # takes as long as all else that a model's process imports

    for point in entry_points(group=f"serai.{kind}"):
        yield point.value, point.load
