"""Pictures are looked at before a model's process decodes them."""

import struct
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import pictures as made

from serai.errors import BadRequest, SeraiError, TooLarge
from serai.hosting import pictures
from serai.hosting.pictures import Size, measure
from serai.types import Model

GGUF = Model(name="m", task="text-generation", format="gguf", path=str(Path("/m.gguf")))
JPEG = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(10) + b"\xff\xff\xff\xc2\x00\x11\x08" + struct.pack(">HH", 9, 7) + bytes(9)
)
WEBP = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + struct.pack("<I", 6)[:3] + struct.pack("<I", 8)[:3]


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (made.png(width=7, height=9), Size("PNG", 7, 9)),
        (b"GIF89a" + struct.pack("<HH", 7, 9), Size("GIF", 7, 9)),
        (b"BM" + bytes(16) + struct.pack("<ii", 7, -9), Size("BMP", 7, 9)),
        (JPEG, Size("JPEG", 7, 9)),
        (WEBP, Size("WebP", 7, 9)),
        (b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + struct.pack("<I", 6 | 8 << 14), Size("WebP", 7, 9)),
        (b"RIFF\0\0\0\0WEBPVP8 " + bytes(10) + struct.pack("<HH", 7, 9), Size("WebP", 7, 9)),
        (b"<svg xmlns=", None),
        (b"", None),
    ],
)
def test_kind_and_size_are_read_from_the_first_bytes(data: bytes, size: Size | None) -> None:
    assert measure(data) == size


@pytest.mark.parametrize("whole", [made.png(), JPEG, WEBP, b"BM" + bytes(30), b"GIF87a" + bytes(9)])
def test_a_beginning_of_any_length_does_no_harm(whole: bytes) -> None:
    for length in range(len(whole)):
        measure(whole[:length])


def refused(*urls: Any, model: Model = GGUF) -> SeraiError:
    with pytest.raises(SeraiError) as caught:
        pictures.check(iter([("messages[0]", {"image_url": {"url": url}}) for url in urls]), model)
    return caught.value


def test_a_picture_that_claims_to_be_huge_is_not_decoded() -> None:
    error = refused(made.url(made.bomb()))
    assert isinstance(error, TooLarge) and "3,600 million points" in error.message


def test_many_pictures_count_together() -> None:
    large = made.url(made.bomb(7000, 7000))
    pictures.check(iter([("messages[0]", {"image_url": {"url": large}})] * 2), GGUF)
    assert isinstance(refused(large, large, large), TooLarge)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://example.org/cat.png", "not a data URL"),
        ("file:///etc/passwd", "not a data URL"),
        ("data:image/png,AAAA", "not a data URL"),
        (None, "not a data URL"),
        ("data:image/png;base64,!!!!", "not base64"),
        (made.url(b"<svg/>", "svg+xml"), "no picture"),
        (made.url(made.png()[:20]), "no picture"),
        (made.url(WEBP, "webp"), "a WebP picture"),
    ],
)
def test_what_an_engine_cannot_read_is_refused_in_words(url: Any, words: str) -> None:
    error = refused(url)
    assert isinstance(error, BadRequest) and words in error.message and error.facts["field"] == "messages[0]"
    assert error.hint


def test_a_picture_of_too_many_bytes_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "LARGEST", 60)
    assert isinstance(refused(made.url(made.noise(1))), TooLarge)
