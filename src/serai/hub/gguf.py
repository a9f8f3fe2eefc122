"""Reads the header of a GGUF file without trusting it.

Every length is checked against the file's size before anything is read or allocated, so that a hostile file costs a
clear error and never memory or time. Only what Serai needs is kept; token lists are walked, not stored."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from serai.errors import LoadFailed
from serai.hub.gguf_types import FILE_TYPES, TENSOR_TYPES

_MAX_FIELDS = 65_536
_MAX_TENSORS = 262_144
_MAX_KEY = 1024
_MAX_TEXT = 4 << 20
_MAX_KEPT_LIST = 64
_MAX_KEPT_NUMBERS = 4096
_MAX_BLOCKS = 4096
_MAX_TEXT_LIST = 4_000_000
_ALIGNMENT = 32

_SCALARS: dict[int, struct.Struct] = {
    0: struct.Struct("<B"),
    1: struct.Struct("<b"),
    2: struct.Struct("<H"),
    3: struct.Struct("<h"),
    4: struct.Struct("<I"),
    5: struct.Struct("<i"),
    6: struct.Struct("<f"),
    7: struct.Struct("<?"),
    10: struct.Struct("<Q"),
    11: struct.Struct("<q"),
    12: struct.Struct("<d"),
}
_BLOCK = re.compile(r"blk\.(\d{1,5})\.")
_ALONE = {"token_embd", "output", "per_layer_token_embd"}
_TEXT = 8
_LIST = 9
_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Skipped:
    """A list that was too long to keep; only its length is known."""

    count: int


class Unread(Exception):
    """The header goes on behind the bytes that were given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GgufHeader:
    """What a GGUF file says of itself; None where it says nothing. `fields` are those of its architecture, without
    that prefix; `weights` are bytes by tensor type, in groups: `blk.0` and so on, the name of a tensor outside all
    blocks up to its first dot; `kind` is model, adapter or mmproj, `adapter` of which sort that is."""

    architecture: str
    size: int
    parameters: int
    name: str | None = None
    context_length: int | None = None
    quantisation: str | None = None
    chat_template: str | None = None
    vocabulary: int | None = None
    block_count: int | None = None
    embedding_length: int | None = None
    head_count: int | None = None
    head_count_kv: int | None = None
    pooling: int = 0
    kind: str | None = None
    adapter: str | None = None
    license: str | None = None
    languages: tuple[str, ...] = ()
    sampling: Mapping[str, float] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, Mapping[int, int]] = field(default_factory=dict)


def parse(beginning: bytes, name: str, size: int) -> GgufHeader:
    """The header of a file of `size` bytes from its first ones. Raises Unread where these are too few, and LoadFailed
    as `read_header` does."""
    return _Reader(io.BytesIO(beginning), name, size).header()


def read_header(path: Path) -> GgufHeader:
    """Raises LoadFailed with the cause missing, not_gguf, truncated or unsupported, in words."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            return _Reader(file, path.name, size).header()
    except FileNotFoundError as error:
        hint = "Was it moved or deleted? Add it again from where it is now."
        raise LoadFailed(f"{path.name} is not there any more.", cause="missing", hint=hint) from error
    except IsADirectoryError as error:
        raise LoadFailed(f"{path.name} is a folder, not a GGUF file.", cause="not_gguf") from error
    except OSError as error:
        hint = "Look at the file's permissions."
        raise LoadFailed(f"{path.name} cannot be read: {error.strerror}.", cause="missing", hint=hint) from error


def joined(first: GgufHeader, more: GgufHeader) -> GgufHeader:
    """The header of a model whose weights lie in two files, the facts being the first's."""
    weights = {group: dict(kinds) for group, kinds in first.weights.items()}
    for group, kinds in more.weights.items():
        for kind, size in kinds.items():
            mine = weights.setdefault(group, {})
            mine[kind] = mine.get(kind, 0) + size
    size, parameters = first.size + more.size, first.parameters + more.parameters
    return replace(first, size=size, parameters=parameters, weights=weights)


class _Reader:
    def __init__(self, file: BinaryIO, name: str, size: int) -> None:
        self._file = file
        self._name = name
        self._size = size
        self._fields: dict[str, Any] = {}
        self._weights: dict[str, dict[int, int]] = {}

    def header(self) -> GgufHeader:
        self._magic()
        tensors, fields = self._u64(), self._u64()
        if tensors > _MAX_TENSORS or fields > _MAX_FIELDS:
            raise self._broken(f"it claims {tensors:,} tensors and {fields:,} fields")
        for _ in range(fields):
            key = self._text(_MAX_KEY)
            self._fields[key] = self._value(self._u32(), depth=0)
        parameters, end = self._tensors(tensors)
        self._check_end(end)
        return self._facts(parameters)

    def _magic(self) -> None:
        if self._size < 24:
            what = "empty" if self._size == 0 else f"only {self._size} bytes long"
            raise self._not_gguf(f"it is {what}")
        magic = self._file.read(4)
        if magic != b"GGUF":
            raise self._not_gguf(_looks_like(magic))
        version = self._u32()
        if version not in {2, 3}:
            swapped = version in {0x02000000, 0x03000000}
            what = "is big-endian" if swapped else f"has version {version}"
            hint = "Download a current, little-endian GGUF file of this model."
            raise LoadFailed(f"{self._name} {what}, which Serai does not read.", cause="unsupported", hint=hint)

    def _tensors(self, count: int) -> tuple[int, int]:
        """The number of parameters, and the last byte that a tensor claims, counted from the start of the data."""
        parameters = end = 0
        for _ in range(count):
            name = self._text(_MAX_KEY)
            dimensions = self._u32()
            if dimensions > 8:
                raise self._broken(f"a tensor has {dimensions} dimensions")
            elements = 1
            for _ in range(dimensions):
                elements *= self._u64()
            kind, offset = self._u32(), self._u64()
            parameters += elements
            block, width = TENSOR_TYPES.get(kind, (1, 0))
            taken = -(-elements // block) * width
            end = max(end, offset + taken)
            group = self._weights.setdefault(_group(name), {})
            group[kind] = group.get(kind, 0) + taken
        return parameters, end

    def _check_end(self, end: int) -> None:
        alignment = self._fields.get("general.alignment", _ALIGNMENT)
        if not isinstance(alignment, int) or not 0 < alignment <= 1 << 20:
            raise self._broken("its alignment is impossible")
        start = -(-self._file.tell() // alignment) * alignment
        if end and start + end > self._size:
            raise self._truncated(start + end)

    def _facts(self, parameters: int) -> GgufHeader:
        get = self._fields.get
        architecture = get("general.architecture")
        if architecture is None and get("split.no"):  # a later part of a model: only the first tells about it
            architecture = "-"
        if not isinstance(architecture, str) or not architecture:
            raise self._broken("it names no architecture")
        languages = get("general.languages")
        file_type = get("general.file_type")
        return GgufHeader(
            architecture=architecture,
            size=self._size,
            parameters=parameters,
            name=_text(get("general.name")),
            context_length=_count(get(f"{architecture}.context_length")),
            quantisation=FILE_TYPES.get(file_type) if isinstance(file_type, int) else None,
            chat_template=_text(get("tokenizer.chat_template")),
            vocabulary=_length(get("tokenizer.ggml.tokens")),
            block_count=_count(get(f"{architecture}.block_count")),
            embedding_length=_count(get(f"{architecture}.embedding_length")),
            head_count=_count(get(f"{architecture}.attention.head_count")),
            head_count_kv=_count(get(f"{architecture}.attention.head_count_kv")),
            pooling=_count(get(f"{architecture}.pooling_type")) or 0,
            kind=_text(get("general.type")),
            adapter=_text(get("adapter.type")),
            license=_text(get("general.license")),
            languages=tuple(x for x in languages if isinstance(x, str)) if isinstance(languages, list) else (),
            sampling={
                key.removeprefix("general.sampling."): float(value)
                for key, value in self._fields.items()
                if key.startswith("general.sampling.") and isinstance(value, int | float)
            },
            fields={
                key.removeprefix(f"{architecture}."): value
                for key, value in self._fields.items()
                if key.startswith(f"{architecture}.")
            },
            weights=self._weights,
        )

    def _value(self, kind: int, depth: int) -> Any:
        if kind == _TEXT:
            return self._text(_MAX_TEXT)
        if kind == _LIST:
            return self._list(depth)
        scalar = _SCALARS.get(kind)
        if scalar is None:
            raise self._broken(f"a field has the unknown type {kind}")
        return scalar.unpack(self._take(scalar.size))[0]

    def _list(self, depth: int) -> list[Any] | Skipped:
        kind, count = self._u32(), self._u64()
        if depth or kind == _LIST:
            raise self._broken("it has lists within lists")
        if kind != _TEXT and kind not in _SCALARS:
            raise self._broken(f"a list has the unknown type {kind}")
        width = 8 if kind == _TEXT else _SCALARS[kind].size
        if count * width > self._left() or (kind == _TEXT and count > _MAX_TEXT_LIST):
            raise self._truncated(self._file.tell() + count * width)
        if count <= (_MAX_KEPT_LIST if kind == _TEXT else _MAX_KEPT_NUMBERS):
            return [self._value(kind, depth + 1) for _ in range(count)]
        if kind == _TEXT:
            for _ in range(count):
                self._skip(self._u64())
        else:
            self._skip(count * width)
        return Skipped(count)

    def _text(self, limit: int) -> str:
        length = self._u64()
        if length > self._left():
            raise self._truncated(self._file.tell() + length)
        if length > limit:
            raise self._broken(f"it has a text of {length:,} bytes")
        return self._take(length).decode("utf-8", "replace")

    def _u32(self) -> int:
        return int(_U32.unpack(self._take(4))[0])

    def _u64(self) -> int:
        return int(_U64.unpack(self._take(8))[0])

    def _left(self) -> int:
        return self._size - self._file.tell()

    def _take(self, length: int) -> bytes:
        data = self._file.read(length)
        if len(data) != length:
            needed = self._file.tell() + length - len(data)
            raise self._truncated(needed) if needed > self._size else Unread
        return data

    def _skip(self, length: int) -> None:
        if length > self._left():
            raise self._truncated(self._file.tell() + length)
        self._file.seek(length, 1)

    def _not_gguf(self, why: str) -> LoadFailed:
        hint = "Choose a file that ends in .gguf; other formats need another engine."
        return LoadFailed(f"{self._name} is not a GGUF file: {why}.", cause="not_gguf", hint=hint)

    def _broken(self, why: str) -> LoadFailed:
        hint = "The file is damaged. Download it again."
        return LoadFailed(f"{self._name} is not a valid GGUF file: {why}.", cause="not_gguf", hint=hint)

    def _truncated(self, needed: int) -> LoadFailed:
        return LoadFailed(
            f"{self._name} is cut short: it has {self._size:,} bytes and needs {needed:,}.",
            cause="truncated",
            hint="The download did not finish. Download it again.",
            size=self._size,
        )


def _group(tensor: str) -> str:
    """Where a tensor belongs: a block of the model, or by itself; what claims an impossible block is put together."""
    block = _BLOCK.match(tensor)
    if block and int(block[1]) < _MAX_BLOCKS:
        return f"blk.{int(block[1])}"
    name = tensor.partition(".")[0]
    return name if name in _ALONE else "other"


def _looks_like(magic: bytes) -> str:
    known = {b"PK\x03\x04": "a zip archive", b"<!DO": "a web page", b"<htm": "a web page", b"ggml": "an old GGML file"}
    known |= {b"version "[:4]: "a pointer to a file that was not fetched (Git LFS)", b"GGJT"[::-1]: "an old GGML file"}
    return f"it looks like {known[magic]}" if magic in known else "it does not begin with GGUF"


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _count(value: Any) -> int | None:
    """A positive number; of a list (one per layer) the largest."""
    if isinstance(value, list):
        value = max((x for x in value if isinstance(x, int)), default=None)
    return value if isinstance(value, int) and value > 0 else None


def _length(value: Any) -> int | None:
    if isinstance(value, Skipped):
        return value.count
    return len(value) if isinstance(value, list) else None
