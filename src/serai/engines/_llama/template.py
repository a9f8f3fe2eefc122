"""The chat template of a GGUF file, found without reading the whole header."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

_KEY = b"tokenizer.chat_template"
_HEADER = struct.pack("<Q", len(_KEY)) + _KEY + struct.pack("<I", 8)
_WITHIN = 256 << 20
_LONGEST = 1 << 20


def find(path: Path) -> str:
    """The chat template in a file's header, without reading all of it; empty where there is none."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = data.find(_HEADER, 0, _WITHIN)
        start = at + len(_HEADER) + 8
        if at < 0 or start > len(data):
            return ""
        (length,) = struct.unpack_from("<Q", data, start - 8)
        if length > _LONGEST or start + length > len(data):
            return ""
        return data[start : start + length].decode("utf-8", "replace")
