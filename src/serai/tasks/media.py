"""Pictures and sound in calls and answers: `data:` addresses that hold kind and content, as pictures in chats do."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from pydantic import Field

Picture = Annotated[str, Field(pattern=r"^data:image/[\w.+-]+;base64,[A-Za-z0-9+/]")]
Sound = Annotated[str, Field(pattern=r"^data:(audio|video)/[\w.+-]+;base64,[A-Za-z0-9+/]")]

WHITE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4//8/AAX+Av4N70a4AAAAAElFTkSuQmCC"
)
"""A white point, for examples."""

SILENCE = "data:audio/wav;base64,UklGRjQAAABXQVZFZm10IBAAAAABAAEAgD4AAAB9AAACABAAZGF0YRAAAAAAAAAAAAAAAAAAAAAAAAAA"
"""A moment of silence, for examples."""


def pack(content: bytes, kind: str) -> str:
    """The address that holds this content, of a kind such as `image/png`."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def unpack(address: str) -> tuple[bytes, str]:
    """The content and its kind. Raises ValueError for what holds none."""
    head, comma, content = address.partition(",")
    kind = head.removeprefix("data:").removesuffix(";base64")
    if not comma or f"data:{kind};base64" != head:
        raise ValueError("no data: address in base64")
    try:
        return base64.b64decode(content, validate=True), kind
    except binascii.Error as error:
        raise ValueError("no base64") from error


_BEGINNINGS: tuple[tuple[bytes, int, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"BM", 0, "image/bmp"),
    (b"II*\0", 0, "image/tiff"),
    (b"MM\0*", 0, "image/tiff"),
    (b"ftypavif", 4, "image/avif"),
    (b"ftypheic", 4, "image/heic"),
    (b"WAVE", 8, "audio/wav"),
    (b"ID3", 0, "audio/mpeg"),
    (b"\xff\xfb", 0, "audio/mpeg"),
    (b"\xff\xf3", 0, "audio/mpeg"),
    (b"\xff\xf2", 0, "audio/mpeg"),
    (b"\xff\xf1", 0, "audio/aac"),
    (b"\xff\xf9", 0, "audio/aac"),
    (b"OggS", 0, "audio/ogg"),
    (b"fLaC", 0, "audio/flac"),
    (b"FORM", 0, "audio/aiff"),
    (b"#!AMR", 0, "audio/amr"),
    (b"\x1aE\xdf\xa3", 0, "audio/webm"),
    (b"ftyp", 4, "audio/mp4"),
)

KNOWN = frozenset(kind for _, _, kind in _BEGINNINGS)
"""The kinds that are known by their beginning."""


def kind_of(content: bytes) -> str:
    """What a file is, by its first bytes; empty where that is not known."""
    return next((kind for mark, at, kind in _BEGINNINGS if content[at : at + len(mark)] == mark), "")
