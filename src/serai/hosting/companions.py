"""The files that belong to a model: what reads pictures for it, and adapters."""

from __future__ import annotations

from pathlib import Path

from serai import loading
from serai.errors import LoadFailed
from serai.hosting import failure
from serai.hub.gguf import GgufHeader, read_header
from serai.types import Model

_SEES = "image-text-to-text"


def sees(model: Model) -> bool:
    """Whether the model reads pictures. Raises LoadFailed when the projector that was set is not there."""
    return model.task == _SEES if model.format == "safetensors" else bool(projector(model))


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


def size(model: Model) -> int:
    """The bytes of all of them. Raises LoadFailed when one that was set is not there."""
    files = [path for path in (projector(model), *(path for path, _ in adapters(model))) if path]
    return sum(Path(path).stat().st_size for path in files)


def check(model: Model, projector: str, adapters: tuple[tuple[str, float], ...]) -> None:
    """Reads the headers before a process does. Raises LoadFailed for what is damaged, is something else than it is
    taken for, or belongs to a model of another architecture."""
    if projector:
        _check_projector(read_header(Path(projector)), Path(projector).name, model)
    for path, _ in adapters:
        _check_adapter(read_header(Path(path)), Path(path).name, model)


def _check_projector(header: GgufHeader, name: str, model: Model) -> None:
    if header.architecture != "clip":
        raise _foreign(model, f"{name} is no projector for pictures (mmproj): it says {header.architecture}")
    if not header.fields.get("has_vision_encoder"):
        raise _foreign(model, f"{name} is a projector, but reads no pictures")


def _check_adapter(header: GgufHeader, name: str, model: Model) -> None:
    if header.kind != "adapter":
        raise _foreign(model, f"{name} is no adapter, but a {header.kind or 'model'} of its own")
    if header.adapter != "lora":
        raise _foreign(model, f"{name} is an adapter of the kind {header.adapter or 'unknown'}; only LoRA is taken")
    if model.architecture and header.architecture != model.architecture:
        raise _foreign(model, f"{name} is an adapter for {header.architecture}, the model is {model.architecture}")


def _foreign(model: Model, why: str) -> LoadFailed:
    return failure.load_failed(model.name, "mismatched", why)


def _find(model: Model, name: str) -> Path:
    """A file beside the model by its name, or anywhere by its whole path."""
    path = Path(name)
    if not path.is_absolute():
        path = Path(model.path or "").parent / path.name
    if path.suffix != ".gguf" or not path.is_file():
        raise failure.load_failed(model.name, "missing", f"there is no {name}")
    return path
