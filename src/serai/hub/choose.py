"""Which files of a repository make the model that was asked for. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from serai.errors import BadRequest, NotFound
from serai.hub.remote import RemoteFile
from serai.types import ModelRef

_PREFERRED = ("Q4_K_M", "Q4_K_S", "Q5_K_M", "Q4_0", "IQ4_XS", "Q8_0", "Q6_K", "F16", "BF16", "F32")
_PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$", re.IGNORECASE)
_QUANT = re.compile(r"(?:^|[-._/])((?:UD-)?(?:I?Q\d\w*|TQ\d_\d|MXFP4\w*|BF16|F16|F32))(?=[-._/]|$)", re.IGNORECASE)


def choose(ref: ModelRef, files: Sequence[RemoteFile]) -> tuple[str, list[RemoteFile]]:
    """The quantisation and the files (several where the model is split), first part first.

    Raises NotFound with the quantisations that there are, BadRequest when there is no GGUF at all."""
    found = groups(files)
    if not found:
        hint = "Look for a repository of the same model whose name ends in -GGUF."
        raise BadRequest(f"{ref.name} has no GGUF files, the format Serai runs at this version.", hint=hint, who="hub")
    if ref.variant is None:
        quant = next((q for q in _PREFERRED if q in found), min(found, key=lambda q: sum(f.size for f in found[q])))
        return quant, found[quant]
    wanted = ref.variant.upper().removesuffix(".GGUF")
    for quant, group in found.items():
        if wanted in {quant, _stem(group[0].path)}:
            return quant, group
    raise NotFound(f"{ref.name} has no {ref.variant}.", hint=f"There are: {', '.join(sorted(found))}.", who="hub")


def safe(path: str) -> bool:
    """Whether a path from the hub may be used under the cache: relative, plain, no way out."""
    parts = path.split("/")
    return all(part not in {"", ".", ".."} and part.isprintable() and "\\" not in part for part in parts)


def groups(files: Iterable[RemoteFile]) -> dict[str, list[RemoteFile]]:
    """The GGUF files of a repository by quantisation."""
    found: dict[str, list[RemoteFile]] = {}
    for file in sorted(files, key=lambda file: file.path):
        lower = file.path.lower()
        if lower.endswith(".gguf") and "mmproj" not in lower and file.sha256 and safe(file.path):
            whole = _PART.sub(".gguf", file.path)
            named = _QUANT.findall(whole.rsplit("/", 1)[-1].removesuffix(".gguf"))
            quant = str(named[-1]).upper() if named else _stem(whole)
            group = found.setdefault(quant, [])
            if not group or _PART.search(file.path):
                group.append(file)
    return found


def _stem(path: str) -> str:
    return _PART.sub("", path.rsplit("/", 1)[-1]).upper().removesuffix(".GGUF")
