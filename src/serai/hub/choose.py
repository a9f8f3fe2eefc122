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
    groups = _groups(files)
    if not groups:
        hint = "Look for a repository of the same model whose name ends in -GGUF."
        raise BadRequest(f"{ref.name} has no GGUF files, the format Serai runs at this version.", hint=hint, who="hub")
    if ref.variant is None:
        quant = next((q for q in _PREFERRED if q in groups), min(groups, key=lambda q: sum(f.size for f in groups[q])))
        return quant, groups[quant]
    wanted = ref.variant.upper().removesuffix(".GGUF")
    for quant, group in groups.items():
        if wanted in {quant, _stem(group[0].path)}:
            return quant, group
    raise NotFound(f"{ref.name} has no {ref.variant}.", hint=f"There are: {', '.join(sorted(groups))}.", who="hub")


def safe(path: str) -> bool:
    """Whether a path from the hub may be used under the cache: relative, plain, no way out."""
    parts = path.split("/")
    return all(part not in {"", ".", ".."} and part.isprintable() and "\\" not in part for part in parts)


def _groups(files: Iterable[RemoteFile]) -> dict[str, list[RemoteFile]]:
    groups: dict[str, list[RemoteFile]] = {}
    for file in sorted(files, key=lambda file: file.path):
        lower = file.path.lower()
        if lower.endswith(".gguf") and "mmproj" not in lower and file.sha256 and safe(file.path):
            whole = _PART.sub(".gguf", file.path)
            found = _QUANT.findall(whole.rsplit("/", 1)[-1].removesuffix(".gguf"))
            quant = str(found[-1]).upper() if found else _stem(whole)
            group = groups.setdefault(quant, [])
            if not group or _PART.search(file.path):
                group.append(file)
    return groups


def _stem(path: str) -> str:
    return _PART.sub("", path.rsplit("/", 1)[-1]).upper().removesuffix(".GGUF")
