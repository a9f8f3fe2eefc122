"""LM Studio's models: `models/maker/repository/file.gguf`, with the projector beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from serai.hub.adopt.folders import ggufs
from serai.hub.adopt.found import Found, plain, read_json

_FOLDERS = (".lmstudio/models", ".cache/lm-studio/models")


def find(environ: Mapping[str, str], home: Path) -> Iterator[Found]:
    del environ
    for root in dict.fromkeys((*_chosen(home), *(home / folder for folder in _FOLDERS))):
        for quant, files, projector in ggufs(root):
            maker, *_ = files[0].relative_to(root).parts
            stem = plain(files[0].parent.name.removesuffix("-GGUF") if files[0].parent != root else files[0].stem)
            name = f"lmstudio/{stem}:{plain(quant)}"
            if maker not in {"lmstudio-community", files[0].name}:
                name = f"lmstudio/{plain(maker)}-{stem}:{plain(quant)}"
            yield Found(kind="lmstudio", name=name, path=files[0], files=files, projector=projector)


def _chosen(home: Path) -> Iterator[Path]:
    """The folder that was chosen in its settings."""
    said = read_json(home / ".lmstudio" / "settings.json")
    chosen = said.get("downloadsFolder") if isinstance(said, dict) else None
    if isinstance(chosen, str) and chosen:
        yield Path(chosen)
