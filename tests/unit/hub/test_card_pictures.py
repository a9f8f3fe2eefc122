from __future__ import annotations

import pytest

from serai.hub.card_pictures import kind_of, named, path_of, plain

HOME = "https://hub.example/acme/tiny"


@pytest.mark.parametrize(
    ("card", "name"),
    [
        ("![a](logo.png)", "logo.png"),
        ('![a](./figs/a.png "A title")', "./figs/a.png"),
        ("![](<a file.png>)", "a file.png"),
        ("[![badge](https://x.example/b.png)](https://x.example)", "https://x.example/b.png"),
        ("![a](https://x.example/a_(1).png)", "https://x.example/a_(1).png"),
        ("![a][1]\n\n[1]: figs/a.png", "figs/a.png"),
        ('<img width="1" SRC="a.png?raw=true&amp;x=1">', "a.png?raw=true&x=1"),
        ("<p><img src='a%20b.png'/></p>", "a b.png"),
        ("<img\n  src=a.png>", "a.png"),
    ],
)
def test_what_a_card_names(card: str, name: str) -> None:
    assert name in named(card)


def test_what_is_only_linked_or_said_is_not_named() -> None:
    assert not named("[a](a.png) a.png `x` <a href='a.png'> <imgs src=a.png>")


def test_one_spelling_for_what_browsers_and_libraries_escape() -> None:
    assert plain("a%20b.png") == plain("a b.png") == "a b.png"


@pytest.mark.parametrize(
    "text", ["![" * 100_000, "<img " * 40_000, "![a](" * 40_000, "[" * 200_000, "![x](((((" * 20_000]
)
def test_a_hostile_card_names_nothing_and_comes_to_an_end(text: str) -> None:
    assert not [name for name in named(text) if name.endswith(".png")]


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("figs/a.png", "figs/a.png"),
        ("./figs/../figs/a.png#x", "figs/a.png"),
        ("figs/a.png?raw=true", "figs/a.png"),
        (f"{HOME}/resolve/main/figs/a.png", "figs/a.png"),
        (f"{HOME}/blob/main/figs/a.png?download=true", "figs/a.png"),
        ("../../etc/passwd", None),
        ("/etc/passwd", None),
        (f"{HOME}/resolve/main/../../../etc/passwd", None),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("//elsewhere.example/figs/a.png", None),
        ("https://elsewhere.example/figs/a.png", None),
        ("https://hub.example/acme/tiny-2/resolve/main/figs/a.png", None),
    ],
)
def test_only_files_of_the_repository_are_files(address: str, path: str | None) -> None:
    assert path_of(address, HOME, {"figs/a.png"}) == path


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"<svg onload=alert(1)>", None),
        (b"<html><script>", None),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"", None),
    ],
)
def test_the_kind_is_in_the_content(content: bytes, kind: str | None) -> None:
    assert kind_of(content) == kind
