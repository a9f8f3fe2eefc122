"""Pictures that come with a chat, looked at before a model's process decodes them: their kind, and how large they claim
to be. Pure; nothing is decoded here, nothing fetched, and no file is read."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from serai.errors import BadRequest, TooLarge
from serai.types import Model

LARGEST = 32 * 1024 * 1024
MOST_POINTS = 100_000_000
"""Of all pictures of a call together: decoded, each point takes three bytes, and some engines keep all at once."""

_URL = re.compile(r"data:image/[a-z0-9.+-]{1,40};base64,")
_DATA_URL = "Send it as data:image/png;base64,…: a model's process fetches nothing and reads no files."
_KINDS = {"gguf": ("PNG", "JPEG", "GIF", "BMP"), "safetensors": ("PNG", "JPEG", "GIF", "BMP", "WebP")}
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_ALONE = frozenset({0x01, 0xD8, *range(0xD0, 0xD8)})


class Size(NamedTuple):
    """What a picture's first bytes say."""

    kind: str
    width: int
    height: int


def check(parts: Iterator[tuple[str, dict[str, Any]]], model: Model) -> None:
    """Looks at the parts that hold pictures, each with the name of its place. Raises BadRequest or TooLarge for what
    the model's engine cannot read, or should not try to."""
    points = 0
    for where, part in parts:
        size = _size(_data(part.get("image_url"), where), where, model)
        points += size.width * size.height
        if points > MOST_POINTS:
            hint = "Send smaller pictures, or fewer: a model sees them at about 1000 points a side."
            text = f"{where}: the pictures have {points / 1e6:,.0f} million points, which is too many to decode."
            raise TooLarge(text, hint=hint, field=where, limit=MOST_POINTS)


def measure(data: bytes) -> Size | None:
    """The kind and size of a picture by its first bytes; None for what is none."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
        return Size("PNG", *_unpack(">II", data, 16))
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return Size("GIF", *_unpack("<HH", data, 6))
    if data.startswith(b"BM"):
        width, height = _unpack("<ii", data, 18)
        return Size("BMP", abs(width), abs(height))
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _webp(data)
    return None


def _data(image: Any, where: str) -> bytes:
    url = image.get("url") if isinstance(image, dict) else None
    start = _URL.match(url) if isinstance(url, str) else None
    if not isinstance(url, str) or start is None:
        raise BadRequest(f"{where} holds a picture that is not a data URL.", field=where, hint=_DATA_URL)
    if len(url) > LARGEST * 4 // 3:
        text = f"{where} holds a picture of {len(url) * 3 // 4 / 1e6:.0f} MB; {LARGEST / 1e6:.0f} MB is the most."
        raise TooLarge(text, hint="Send a smaller one.", field=where)
    try:
        return base64.b64decode(url[start.end() :], validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest(f"{where} holds a picture that is not base64: {error}", field=where, hint=_DATA_URL) from error


def _size(data: bytes, where: str, model: Model) -> Size:
    kinds = _KINDS.get(model.format, ())
    takes = f"{model.name} takes {', '.join(kinds)}."
    size = measure(data)
    if size is None or not size.width or not size.height:
        raise BadRequest(f"{where} holds something that is no picture, or a damaged one.", field=where, hint=takes)
    if size.kind not in kinds:
        raise BadRequest(f"{where} holds a {size.kind} picture.", field=where, hint=takes)
    return size


def _jpeg(data: bytes) -> Size | None:
    """Walks from marker to marker up to the one that begins the picture."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _FRAMES:
            height, width = _unpack(">HH", data, at + 5)
            return Size("JPEG", width, height)
        if marker == 0xFF:
            at += 1
        elif marker in _ALONE:
            at += 2
        else:
            at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
    return None


def _webp(data: bytes) -> Size | None:
    form = data[12:16]
    if form == b"VP8X":
        return Size("WebP", _u24(data, 24) + 1, _u24(data, 27) + 1)
    if form == b"VP8L":
        (bits,) = _unpack("<I", data, 21)
        return Size("WebP", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if form == b"VP8 ":
        width, height = _unpack("<HH", data, 26)
        return Size("WebP", width & 0x3FFF, height & 0x3FFF)
    return None


def _u24(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 3], "little")


def _unpack(form: str, data: bytes, at: int) -> tuple[int, ...]:
    """Zeros for what ends too soon."""
    if len(data) < at + struct.calcsize(form):
        return (0,) * len(struct.unpack(form, bytes(struct.calcsize(form))))
    return struct.unpack_from(form, data, at)
