"""The chat template of a GGUF file, found without reading the whole header."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

_KEY = b"tokenizer.chat_template"
_HEADER = struct.pack("<Q", len(_KEY)) + _KEY + struct.pack("<I", 8)
_WITHIN = 32 << 20
_LONGEST = 100_000
"""A longer one does not fit onto a command line."""

_TOOL_USE = b"tokenizer.chat_template.tool_use"


def find(path: Path) -> str:
    """The chat template in a file's header; empty where there is none, or where there is one more for tools."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = data.find(_HEADER, 0, _WITHIN)
        start = at + len(_HEADER) + 8
        if at < 0 or start > len(data) or data.find(_TOOL_USE, 0, _WITHIN) >= 0:
            return ""
        (length,) = struct.unpack_from("<Q", data, start - 8)
        if length > _LONGEST or start + length > len(data):
            return ""
        return data[start : start + length].decode("utf-8", "replace")
