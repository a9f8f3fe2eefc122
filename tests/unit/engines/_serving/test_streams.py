"""From tokens to text: whole characters, and nothing of a stop text."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serai.engines._serving.streams import Characters, Stops, beginning


def decode(tokens: Sequence[int]) -> str:
    """Tokens are bytes; as with SentencePiece, a space at the very beginning is left out."""
    return bytes(tokens).decode("utf-8", "replace").removeprefix(" ")


def through(text: str, before: str = "") -> list[str]:
    characters = Characters(decode, before.encode())
    return [characters.push(byte) for byte in text.encode()] + [characters.flush()]


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_every_character_arrives_whole_and_once(text: str) -> None:
    pieces = through(text, before="x")
    assert "".join(pieces) == text.rstrip("\ufffd")
    assert not any(0xD800 <= ord(letter) <= 0xDFFF for letter in "".join(pieces))


def test_half_a_character_waits_and_is_not_shown() -> None:
    characters = Characters(decode, b"x")
    assert [characters.push(byte) for byte in "😀".encode()] == ["", "", "", "😀"]
    assert characters.push("ß".encode()[0]) == "" and characters.flush() == ""


def test_a_space_after_the_prompt_stays() -> None:
    assert "".join(through(" sat", before="the cat")) == " sat"
    assert "".join(through(" sat")) == "sat"


def test_bytes_that_never_become_a_character_do_not_wait_for_ever() -> None:
    characters = Characters(decode, b"x")
    assert "".join(characters.push(0xFF) for _ in range(40)).count("\ufffd") >= 35


def stopped(pieces: Sequence[str], *texts: str) -> tuple[str, bool]:
    stops, shown = Stops(texts), ""
    for piece in pieces:
        text, end = stops.push(piece)
        shown += text
        if end:
            return shown, True
    return shown + stops.flush(), False


@pytest.mark.parametrize("pieces", [["one STOP two"], ["one S", "TO", "P two"], list("one STOP two"), ["one ", "STOP"]])
def test_a_stop_text_ends_it_however_it_is_cut(pieces: list[str]) -> None:
    assert stopped(pieces, "STOP", "HALT") == ("one ", True)


def test_the_first_of_several_stop_texts_counts() -> None:
    assert stopped(["a HALT b STOP"], "STOP", "HALT") == ("a ", True)


def test_what_only_begins_like_one_is_shown_in_the_end() -> None:
    assert stopped(["one ST", "A", "ST"], "STOP") == ("one STAST", False)


@given(st.text("ab", max_size=12), st.text("ab", min_size=1, max_size=4), st.integers(1, 4))
def test_nothing_of_a_stop_text_is_ever_shown(text: str, stop: str, size: int) -> None:
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    at = text.find(stop)
    assert stopped(pieces, stop) == ((text[:at], True) if at >= 0 else (text, False))


def test_the_beginning_of_a_text_is_seen_at_the_end() -> None:
    assert beginning("one <to", ("<tool>",)) == 3
    assert beginning("one", ("<tool>",)) == 0
