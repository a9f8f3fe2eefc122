"""Which GGUF files of a repository make the model that was asked for. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from serai.errors import NotFound
from serai.hub.names import safe
from serai.hub.remote import RemoteFile
from serai.types import ModelRef

_PREFERRED = ("Q4_K_M", "Q4_K_S", "Q5_K_M", "Q4_0", "IQ4_XS", "Q8_0", "Q6_K", "F16", "BF16", "F32")
_PROJECTORS = ("F16", "BF16", "Q8_0", "F32")
_PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$", re.IGNORECASE)
_QUANT = re.compile(r"(?:^|[-._/])((?:UD-)?(?:I?Q\d\w*|TQ\d_\d|MXFP4\w*|BF16|F16|F32))(?=[-._/]|$)", re.IGNORECASE)


def pick(ref: ModelRef, files: Sequence[RemoteFile], room: int | None = None) -> tuple[str, list[RemoteFile]]:
    """The quantisation and its files (several where the model is split), first part first; none where the repository
    has no GGUF. What was asked for, else the usual compromise that is no larger than `room`, else the smallest.

    Raises NotFound with the quantisations that there are."""
    found = groups(files)
    if not found:
        return "", []
    if ref.variant is None:
        quant = _best(found, room)
        return quant, found[quant]
    wanted = ref.variant.upper().removesuffix(".GGUF")
    for quant, group in found.items():
        if wanted in {quant, stem(group[0].path)}:
            return quant, group
    raise NotFound(f"{ref.name} has no {ref.variant}.", hint=f"There are: {', '.join(sorted(found))}.", who="hub")


def groups(files: Iterable[RemoteFile]) -> dict[str, list[RemoteFile]]:
    """The GGUF files of a repository by quantisation. A model of whose parts one is missing is left out."""
    found: dict[str, list[RemoteFile]] = {}
    for file in sorted(files, key=lambda file: file.path):
        lower = file.path.lower()
        if lower.endswith(".gguf") and "mmproj" not in lower and safe(file.path):
            group = found.setdefault(_quant(file.path), [])
            if not group or (_PART.search(file.path) and _whole(group[0].path) == _whole(file.path)):
                group.append(file)
    return {quant: group for quant, group in found.items() if _complete(group)}


def projector(files: Iterable[RemoteFile], beside: str) -> RemoteFile | None:
    """The file that reads pictures for the model `beside` which it lies, or anywhere in its repository."""
    folder = beside.rpartition("/")[0]
    found = [file for file in files if file.path.lower().endswith(".gguf") and "mmproj" in file.path.lower()]
    near = [file for file in found if file.path.rpartition("/")[0] == folder]
    usable = [file for file in near or found if safe(file.path)]
    order = {quant: place for place, quant in enumerate(_PROJECTORS)}
    return min(usable, key=lambda file: (order.get(_quant(file.path), len(order)), file.path), default=None)


def stem(path: str) -> str:
    return _PART.sub("", path.rsplit("/", 1)[-1]).upper().removesuffix(".GGUF")


def _best(found: Mapping[str, Sequence[RemoteFile]], room: int | None) -> str:
    sizes = {quant: sum(file.size for file in group) for quant, group in found.items()}
    fitting = [quant for quant, size in sizes.items() if room is None or size <= room]
    if not fitting:
        return min(sizes, key=lambda quant: sizes[quant])
    usual = next((quant for quant in _PREFERRED if quant in fitting), None)
    return usual or max(fitting, key=lambda quant: sizes[quant])


def _quant(path: str) -> str:
    whole = _whole(path)
    named = _QUANT.findall(whole.rsplit("/", 1)[-1].removesuffix(".gguf"))
    return str(named[-1]).upper() if named else stem(whole)


def _whole(path: str) -> str:
    return _PART.sub(".gguf", path)


def _complete(group: Sequence[RemoteFile]) -> bool:
    split = _PART.search(group[0].path)
    return split is None or len(group) == int(split[2])
