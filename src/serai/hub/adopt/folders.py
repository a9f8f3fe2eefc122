"""Plain folders that a setting names: GGUF files in them, and folders with config.json and weights."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from serai.hub import choose_gguf
from serai.hub.adopt.found import Found, plain
from serai.hub.remote import RemoteFile

_DEEPEST = 6
_MOST = 20_000


def find(folders: Sequence[str]) -> Iterator[Found]:
    for root in (Path(folder).expanduser() for folder in folders):
        for quant, files, projector in ggufs(root):
            stem = files[0].stem.partition("-00001-of-")[0]
            name = (
                plain(stem) if quant == choose_gguf.stem(files[0].name) else f"{plain(_without(stem, quant))}:{quant}"
            )
            yield Found(kind="folder", name=name, path=files[0], files=files, projector=projector)
        for folder, names in _walk(root):
            if "config.json" in names and any(name.endswith((".safetensors", ".onnx")) for name in names):
                its = tuple(folder / name for name in sorted(names))
                yield Found(kind="folder", name=plain(folder.name), path=folder, files=its)


def ggufs(root: Path) -> Iterator[tuple[str, tuple[Path, ...], Path | None]]:
    """The GGUF models of every folder under this one: quantisation, files, and the projector beside them."""
    for folder, names in _walk(root):
        there = [RemoteFile(name, 0, None) for name in names if name.lower().endswith(".gguf")]
        by_model: dict[str, list[RemoteFile]] = {}
        for file in there:
            by_model.setdefault(choose_gguf.stem(file.path), []).append(file)
        sees = choose_gguf.projector(there, "")
        for parts in by_model.values():
            for quant, group in choose_gguf.groups(parts).items():
                yield quant, tuple(folder / file.path for file in group), folder / sees.path if sees else None


def _walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Folders with their files, not too deep and not too many, following no links to folders."""
    seen = 0
    for folder, below, names in os.walk(root):
        place = Path(folder)
        if len(place.relative_to(root).parts) >= _DEEPEST:
            below.clear()
        seen += len(names)
        if seen > _MOST:
            return
        below[:] = sorted(name for name in below if not name.startswith("."))
        yield place, sorted(names)


def _without(stem: str, quant: str) -> str:
    return stem[: -len(quant)].rstrip("-._") if stem.upper().endswith(quant) else stem
