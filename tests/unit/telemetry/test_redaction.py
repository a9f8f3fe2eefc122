from __future__ import annotations

import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serai.telemetry.redaction import HIDDEN, Redactor

SECRET = "Zx9" + "q7W" * 12


@pytest.mark.parametrize(
    "text",
    [
        f"hf_{SECRET}",
        f"sk-proj-{SECRET}",
        f"serai-{SECRET}4567",
        f"Authorization: Bearer {SECRET}",
        f"{{'authorization': 'Basic {SECRET}=='}}",
        f"https://host/path?api_key={SECRET}&x=1",
        f"key={SECRET}",
        f"token = '{SECRET}'",
        f'{{"password": "{SECRET}"}}',
        f"{{'hf_token': '{SECRET}'}}",
        f"postgresql://serai:{SECRET}@host/db",
        f"HF_TOKEN={SECRET}",
        f"xX-Api-Key={SECRET}",
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str) -> None:
    cleaned = Redactor().clean(f"before {text} after")
    assert SECRET not in cleaned and HIDDEN in cleaned
    assert cleaned.startswith("before ") and cleaned.endswith(" after")


@pytest.mark.parametrize(
    "text",
    [
        "serai-guide answered",
        "hf_transfer is not installed",
        "prompt_tokens=1234 tokens_per_second=55.1",
        "task-manager sk-learn",
        "http://127.0.0.1:7372/v1/models",
        "the key is lost; the bearer of bad news",
        "sqlite:////home/me/serai.db",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert Redactor().clean(text) == text


def test_what_stands_around_a_secret_stays() -> None:
    cleaned = Redactor().clean(f"GET https://host/?token={SECRET}&page=2 with Bearer {SECRET}, ok")
    assert cleaned == f"GET https://host/?token={HIDDEN}&page=2 with Bearer {HIDDEN}, ok"


def test_a_key_of_ours_is_hidden() -> None:
    assert Redactor().clean(f"serai-{secrets.token_urlsafe(32)}") == HIDDEN


@settings(deadline=None)
@given(st.text(min_size=4).filter(lambda text: len(text.strip()) >= 4 and text.isprintable()))
def test_a_registered_value_is_hidden_however_it_is_written(value: str) -> None:
    redactor = Redactor()
    redactor.add(value)
    for written in (value, repr(value)):
        assert value.strip() not in redactor.clean(f"got {written} here").replace(HIDDEN, "")


def test_short_values_do_not_tear_holes() -> None:
    redactor = Redactor()
    redactor.add("a")
    assert redactor.clean("banana") == "banana"


def test_the_longest_value_wins() -> None:
    redactor = Redactor()
    for value in ("abcd", "abcdefgh"):
        redactor.add(value)
    assert redactor.clean("abcdefgh") == HIDDEN


def test_structures_are_cleaned_throughout() -> None:
    redactor = Redactor()
    redactor.add("sesame")
    dirty = {"a": ["sesame", ("x sesame", 1)], "sesame": None, "o": {"sesame"}}
    assert "sesame" not in str(redactor.clean_all(dirty))


def test_a_text_without_an_end_takes_no_time_without_an_end() -> None:
    """A pattern that looks back from every letter would take hours."""
    assert len(Redactor().clean("x" * 3_000_000)) == 3_000_000
