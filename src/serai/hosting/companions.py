"""The files that belong to a model: what reads pictures for it, and adapters."""

from __future__ import annotations

from pathlib import Path

from serai import loading
from serai.hosting import failure
from serai.hub.gguf import read_header
from serai.types import Model


def projector(model: Model) -> str:
    """The file that reads pictures for the model: the one that was set, else one beside it that is named as such.
    Empty when there is none. Raises LoadFailed when the one that was set is not there."""
    named = loading.read(model.loading).projector
    if named:
        return str(_find(model, named))
    if model.format != "gguf" or not model.path:
        return ""
    return next((str(path) for path in sorted(Path(model.path).parent.glob("mmproj*.gguf"))), "")


def adapters(model: Model) -> tuple[tuple[str, float], ...]:
    """The adapters' files with their scales, in the order in which they were set. Raises LoadFailed."""
    return tuple((str(_find(model, name)), scale) for name, scale in loading.read(model.loading).adapters.items())


def check(paths: list[str]) -> None:
    """Reads the headers before a process does. Raises LoadFailed for what is damaged."""
    for path in paths:
        read_header(Path(path))


def _find(model: Model, name: str) -> Path:
    """A file beside the model by its name, or anywhere by its whole path."""
    path = Path(name)
    if not path.is_absolute():
        path = Path(model.path or "").parent / path.name
    if path.suffix != ".gguf" or not path.is_file():
        raise failure.load_failed(model.name, "missing", f"there is no {name}")
    return path
