"""Reads the headers of safetensors files without trusting them: names, types and sizes, never the weights.

Every length is checked against the file's size before anything is read, and what the format forbids (holes aside) is
refused: unknown types, sizes that do not fit the shape, tensors that overlap, a name that comes twice."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeGuard

from serai.errors import LoadFailed

BITS: Mapping[str, int] = {
    "BOOL": 8,
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "U8": 8,
    "I8": 8,
    "F8_E5M2": 8,
    "F8_E4M3": 8,
    "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "C64": 64,
    "F64": 64,
    "I64": 64,
    "U64": 64,
}
"""Bits of one number, by the format's name for the type."""

INDEX = "model.safetensors.index.json"

_MAX_HEADER = 8 << 20
_MAX_DIMENSIONS = 16
_MAX_FILES = 1024


@dataclass(frozen=True, slots=True)
class Tensor:
    name: str
    dtype: str
    elements: int
    size: int


def length(beginning: bytes, name: str, size: int) -> int:
    """How many bytes the header takes, with the eight that say so. Raises LoadFailed where that cannot be."""
    if size < 10 or len(beginning) < 8:
        raise _broken(name, f"it has only {size} bytes", "truncated")
    claimed = int(struct.unpack("<Q", beginning[:8])[0])
    if claimed > _MAX_HEADER:
        raise _broken(name, f"its header claims {claimed:,} bytes")
    if claimed + 8 > size:
        raise _broken(name, f"it has {size:,} bytes and its header needs {claimed + 8:,}", "truncated")
    return claimed + 8


def parse(header: bytes, name: str, size: int) -> tuple[Tensor, ...]:
    """The tensors of a file of `size` bytes from its whole header. Raises LoadFailed."""
    try:
        table = json.loads(header[8:].decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise _broken(name, f"its header cannot be read ({type(error).__name__})") from error
    if not isinstance(table, dict):
        raise _broken(name, "its header is not a table")
    table.pop("__metadata__", None)
    data = size - len(header)
    spans: list[tuple[int, int]] = []
    tensors: list[Tensor] = []
    for key, row in table.items():
        tensor, span = _tensor(name, key, row)
        if span[1] > data:
            raise _broken(name, f"{key} ends {span[1] - data:,} bytes behind the file's end", "truncated")
        spans.append(span)
        tensors.append(tensor)
    spans.sort()
    if any(before[1] > after[0] for before, after in pairwise(spans)):
        raise _broken(name, "two of its tensors overlap")
    return tuple(tensors)


def read_file(path: Path) -> tuple[Tensor, ...]:
    """The tensors of one file. Raises LoadFailed."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            beginning = file.read(8)
            return parse(beginning + file.read(length(beginning, path.name, size) - 8), path.name, size)
    except OSError as error:
        raise LoadFailed(
            f"{path.name} cannot be read: {error.strerror}.",
            cause="missing",
            hint="Was it moved or deleted? Download the model again.",
        ) from error


def read_folder(folder: Path) -> tuple[Tensor, ...]:
    """The tensors of a model's folder: of the files that its index names, else of all that it has. Raises LoadFailed
    where one cannot be read."""
    index = folder / INDEX
    if index.exists():
        names = files_of(index.read_bytes()[: _MAX_HEADER + 1], folder.name)
    else:
        names = tuple(sorted(path.name for path in folder.glob("*.safetensors")))
    if not names:
        hint = "Serai reads no pickled weights (.bin, .pt): choose a model that has safetensors files."
        raise LoadFailed(f"{folder.name} has no safetensors file.", cause="missing", hint=hint)
    return together(folder.name, [read_file(folder / name) for name in names])


def files_of(index: bytes, name: str) -> tuple[str, ...]:
    """The files that an index names, each once. Raises LoadFailed where one could lie elsewhere."""
    try:
        table = json.loads(index.decode("utf-8"))
        files = sorted(set(table["weight_map"].values()))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _broken(f"{INDEX} of {name}", f"it cannot be read ({type(error).__name__})") from error
    if len(files) > _MAX_FILES:
        raise _broken(f"{INDEX} of {name}", f"it names {len(files):,} files")
    for file in files:
        if not isinstance(file, str) or not file.endswith(".safetensors") or set(file) & set("/\\\0") or file[0] == ".":
            raise _broken(f"{INDEX} of {name}", f"it names the file {str(file)[:80]!r}")
    return tuple(files)


def together(name: str, parts: list[tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
    """The tensors of all parts. Raises LoadFailed where two parts have the same."""
    tensors = tuple(tensor for part in parts for tensor in part)
    if len({tensor.name for tensor in tensors}) < len(tensors):
        raise _broken(name, "two of its files have the same tensor")
    return tensors


def _tensor(file: str, key: str, row: Any) -> tuple[Tensor, tuple[int, int]]:
    if not isinstance(row, dict):
        raise _broken(file, f"the entry of {key[:80]} is not a table")
    dtype, shape, offsets = row.get("dtype"), row.get("shape"), row.get("data_offsets")
    if not isinstance(dtype, str) or dtype not in BITS:
        raise _broken(file, f"{key[:80]} has the unknown type {str(dtype)[:20]!r}", "unsupported")
    if not _counts(shape) or not _counts(offsets) or len(offsets) != 2 or len(shape) > _MAX_DIMENSIONS:
        raise _broken(file, f"{key[:80]} has an impossible shape or place")
    elements = math.prod(shape)
    begin, end = offsets
    if end - begin != -(-elements * BITS[dtype] // 8):
        raise _broken(file, f"{key[:80]} has {end - begin:,} bytes, which does not fit its shape")
    return Tensor(key, dtype, elements, end - begin), (begin, end)


def _counts(value: Any) -> TypeGuard[list[int]]:
    """Whether it is a list of counts. JSON's numbers have no limit, ours have."""
    return isinstance(value, list) and all(type(item) is int and 0 <= item < 1 << 62 for item in value)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a name comes twice")
    return table


def _broken(name: str, why: str, cause: str = "not_safetensors") -> LoadFailed:
    hint = "Download it again." if cause == "truncated" else "The file is damaged. Download it again."
    return LoadFailed(f"{name} is not a whole safetensors file: {why}.", cause=cause, hint=hint)
