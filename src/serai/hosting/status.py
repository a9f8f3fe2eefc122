"""What is known about a model on this machine at this moment, and its shape in the native API."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from serai.errors import SeraiError
from serai.types import Model

State = Literal["on_disk", "loading", "ready", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A loaded model and its process; times in seconds since 1970, memory in bytes: `memory` is measured, `needed` was
    estimated before. `shortened` says what was made smaller than asked to make it fit."""

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


@dataclass(frozen=True, slots=True)
class Status:
    """`error` is set when the state is failed, `running` when it is ready."""

    state: State = "on_disk"
    error: SeraiError | None = None
    running: Running | None = None


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
    return body | {"state": status.state, "error": error, "running": running}
