"""What llama.cpp's own programs have downloaded: `maker_repository_file.gguf`, side by side in one folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from serai.hub.adopt.folders import ggufs
from serai.hub.adopt.found import Found, plain


def find(environ: Mapping[str, str], home: Path) -> Iterator[Found]:
    for quant, files, _ in ggufs(_folder(environ, home)):
        stem = files[0].stem.partition("-00001-of-")[0]
        short = stem[: -len(quant)].rstrip("-._") if stem.upper().endswith(quant) else stem
        yield Found(kind="llama.cpp", name=f"llama.cpp/{plain(short)}:{plain(quant)}", path=files[0], files=files)


def _folder(environ: Mapping[str, str], home: Path) -> Path:
    if chosen := environ.get("LLAMA_CACHE"):
        return Path(chosen)
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "llama.cpp"
    if sys.platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "llama.cpp"
    return Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "llama.cpp"
