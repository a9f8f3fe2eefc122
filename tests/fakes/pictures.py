"""Pictures made of a few bytes, without a library: PNG files of one colour or of noise, and the headers of others."""

from __future__ import annotations

import base64
import random
import struct
import zlib
from typing import Any


def png(red: int = 255, green: int = 0, blue: int = 0, *, width: int = 16, height: int = 16) -> bytes:
    """A picture of one colour."""
    return _png(width, height, (b"\0" + bytes((red, green, blue)) * width) * height)


def noise(seed: int, size: int = 16) -> bytes:
    """A picture of coloured dots, the same for the same seed."""
    dots = random.Random(seed)
    return _png(size, size, b"".join(b"\0" + dots.randbytes(3 * size) for _ in range(size)))


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A few bytes that claim to be a picture of billions of points."""
    return _png(width, height, b"\0")


def url(data: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def part(data: bytes, kind: str = "png") -> dict[str, Any]:
    """The part of a message that holds it."""
    return {"type": "image_url", "image_url": {"url": url(data, kind)}}


def _png(width: int, height: int, rows: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
