"""Messages as chat templates take them."""

from typing import Any

import pytest
from tests.fakes import pictures

from serai.engines._serving import messages
from serai.engines._serving.refused import Refused


def test_a_picture_leaves_its_place_and_is_kept_in_order() -> None:
    kept: list[bytes] = []
    parts = [pictures.part(b"one"), {"type": "text", "text": "and"}, pictures.part(b"two")]
    made = messages.read({"role": "user", "content": parts}, kept)
    assert [part["type"] for part in made["content"]] == ["image", "text", "image"] and kept == [b"one", b"two"]
    assert messages.text_of(made) == "and"


def test_parts_of_text_become_one_and_one_becomes_parts() -> None:
    made = messages.read(
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, []
    )
    assert made["content"] == "ab"
    assert messages.in_parts([made])[0]["content"] == [{"type": "text", "text": "ab"}]


@pytest.mark.parametrize("url", ["http://example.org/a.png", "file:///etc/passwd", "data:text/html;base64,AA", "x"])
def test_nothing_is_fetched(url: Any) -> None:
    with pytest.raises(Refused, match="nothing is fetched"):
        messages.read({"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}, [])
