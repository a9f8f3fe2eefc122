"""What is known about a model on this machine at this moment, and its shape in the native API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from serai.errors import SeraiError
from serai.types import Model

State = Literal["on_disk", "loading", "ready", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A loaded model and its process; times in seconds since 1970, memory in bytes: `memory` is measured, `needed` was
    estimated before. `shortened` says what was made smaller than asked to make it fit. `server` is which of llama.cpp's
    servers runs it, empty for other engines; `sandbox` what its process told of its protection; `tokens` how many it
    has written since it is loaded, which grows while it writes."""

    name: str
    pid: int
    device: str
    device_reason: str
    memory: int
    context: int
    parallel: int
    streams: int
    tokens_per_second: float | None
    since: float
    last_used_at: float
    load_s: float
    needed: int = 0
    shortened: str = ""
    engine: str = ""
    server: str = ""
    kv_type: str = ""
    threads: int = 0
    tokens: int = 0
    sandbox: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Starting:
    """A load under way: bytes that its process has of those it needs; zeros while it waits for its place."""

    since: float
    memory: int = 0
    needed: int = 0


@dataclass(frozen=True, slots=True)
class Status:
    """`error` is set when the state is failed, `running` when it is ready, `starting` when it is loading."""

    state: State = "on_disk"
    error: SeraiError | None = None
    running: Running | None = None
    starting: Starting | None = None


def describe(model: Model, status: Status) -> dict[str, Any]:
    """The Model of the native API: the model's facts with its state."""
    body = asdict(model) | {
        "languages": list(model.languages),
        "settings": dict(model.settings),
        "loading": dict(model.loading),
    }
    running = asdict(status.running) if status.running else None
    if running:
        del running["name"]
    error = status.error.as_dict() if status.error else None
    starting = asdict(status.starting) if status.starting else None
    return body | {"state": status.state, "error": error, "running": running, "starting": starting}
