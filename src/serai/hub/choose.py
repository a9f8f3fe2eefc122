"""Which files of a repository make the model that was asked for, whatever its format. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from serai.errors import BadRequest, NotFound
from serai.hub import choose_folder, choose_gguf
from serai.hub.remote import RemoteFile
from serai.types import ModelRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`variant` tells the model from others of its repository, empty where it is the usual one; `entry` is the file
    that it is loaded from, empty where that is the folder; `loading` is how it must be loaded."""

    format: str
    files: tuple[RemoteFile, ...]
    variant: str = ""
    entry: str = ""
    loading: Mapping[str, object] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def choose(
    ref: ModelRef,
    files: Sequence[RemoteFile],
    room: int | None = None,
    runs: Callable[[str], bool] = lambda _format: True,
) -> Choice:
    """The files to fetch. `room` is how many bytes of weights this machine can run, `runs` whether it has the engine
    for a format. Raises NotFound for a variant that is not there, BadRequest in words where there is no model."""
    makers = {"gguf": _gguf, "safetensors": _safetensors, "onnx": _onnx}
    asked = (ref.variant or "").lower()
    order = [asked] if asked in {"safetensors", "onnx"} else sorted(makers, key=lambda name: not runs(name))
    missing: NotFound | None = None
    for name in order:
        try:
            if choice := makers[name](ref, files, room):
                return choice
        except NotFound as error:
            missing = missing or error
    raise missing or _unusable(ref, files)


def _gguf(ref: ModelRef, files: Sequence[RemoteFile], room: int | None) -> Choice | None:
    quant, group = choose_gguf.pick(ref, files, room)
    if not group:
        return None
    sees = choose_gguf.projector(files, group[0].path)
    return Choice(
        format="gguf",
        files=(*group, *([sees] if sees else [])),
        variant=quant,
        entry=group[0].path,
        loading={"projector": sees.path} if sees else {},
    )


def _safetensors(ref: ModelRef, files: Sequence[RemoteFile], _room: int | None) -> Choice | None:
    if ref.variant is not None and ref.variant.lower() != "safetensors":
        return None
    weights = choose_folder.safetensors(files)
    if not weights or not _has(files, "config.json"):
        return None
    return Choice(format="safetensors", files=_once(choose_folder.words(files), weights))


def _onnx(ref: ModelRef, files: Sequence[RemoteFile], room: int | None) -> Choice | None:
    if not any(file.path.endswith(".onnx") for file in files) or not _has(files, "config.json"):
        return None
    form, weights = choose_folder.onnx(ref, files, room)
    if not weights:
        return None
    loading = choose_folder.LOADING.get(form, {})
    chosen = _once(choose_folder.words(files), weights)
    return Choice(format="onnx", files=chosen, variant=form if ref.variant else "", loading=loading)


def _once(*kinds: Sequence[RemoteFile]) -> tuple[RemoteFile, ...]:
    return tuple({file.path: file for kind in kinds for file in kind}.values())


def _has(files: Sequence[RemoteFile], path: str) -> bool:
    return any(file.path == path for file in files)


def _unusable(ref: ModelRef, files: Sequence[RemoteFile]) -> BadRequest:
    """Why there is nothing to run, and what to do."""
    paths = [file.path.lower() for file in files]
    gguf = "Look for a repository of the same model whose name ends in -GGUF."
    if "adapter_config.json" in paths:
        why, hint = "is an adapter (LoRA), no model by itself", "Pull its base model and add the adapter to it."
    elif "model_index.json" in paths:
        why, hint = "is a pipeline of diffusers, which Serai does not run at this version", "Choose another model."
    elif any(path.endswith((".bin", ".pt", ".pth", ".pkl", ".ckpt")) for path in paths):
        why, hint = "has its weights only as Python pickles, which could run anything", gguf
    elif any(path.endswith(".gguf") for path in paths):
        why, hint = "has GGUF files of which parts are missing, or whose names cannot be used", gguf
    elif any(path.endswith((".h5", ".msgpack", ".tflite", ".mlmodel", ".ot")) for path in paths):
        why, hint = "has weights for another framework only", gguf
    else:
        why, hint = "has no GGUF, safetensors or ONNX files, the formats that Serai runs", gguf
    return BadRequest(f"{ref.name} {why}.", hint=hint, who="hub")
