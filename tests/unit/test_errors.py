from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from serai import errors
from serai.errors import (
    BadRequest,
    Busy,
    ContextExceeded,
    Forbidden,
    LoadFailed,
    MissingExtra,
    ModelNotFound,
    SeraiError,
    StorageFailed,
)


def tree(root: type[SeraiError]) -> Iterator[type[SeraiError]]:
    for child in root.__subclasses__():
        yield child
        yield from tree(child)


CLASSES = [child for child in tree(SeraiError) if child.__module__ == errors.__name__]


@pytest.mark.parametrize("error", CLASSES)
def test_every_error_is_in_the_drawing_with_its_status(error: type[SeraiError]) -> None:
    drawn = re.search(rf"─ {error.__name__}\b(?: (\d+))?", errors.__doc__ or "")
    assert drawn, "it is missing from the tree at the top of errors.py"
    parent = error.__mro__[1]
    assert issubclass(parent, SeraiError)
    assert int(drawn[1] or parent.status) == error.status


@pytest.mark.parametrize("error", CLASSES)
def test_codes_are_words_that_programs_can_rely_on(error: type[SeraiError]) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", error.code)


def test_no_two_errors_have_one_code() -> None:
    codes = [error.code for error in CLASSES]
    assert len(codes) == len(set(codes))


def test_the_drawing_names_nothing_that_is_not_there() -> None:
    assert set(re.findall(r"─ ([A-Z]\w+)", errors.__doc__ or "")) == {error.__name__ for error in CLASSES}


def test_the_envelope_has_what_is_known_and_nothing_empty() -> None:
    assert SeraiError("It broke.").as_dict() == {"code": "internal", "message": "It broke.", "who": "serai"}
    full = BadRequest("No.", hint="Try this.", field="x", who="groq").as_dict()
    assert full == {
        "code": "bad_request",
        "message": "No.",
        "who": "groq",
        "hint": "Try this.",
        "facts": {"field": "x"},
    }
    assert str(BadRequest("No.")) == "No."


def test_errors_carry_their_numbers() -> None:
    assert ContextExceeded(9_000, 8_192, "m").facts == {"prompt_tokens": 9_000, "context_length": 8_192}
    assert "9,000 tokens; m can read 8,192" in ContextExceeded(9_000, 8_192, "m").message
    assert Busy("Later.", retry_after=7).retry_after == 7
    assert LoadFailed("Cut.", cause="truncated").as_dict()["facts"] == {"cause": "truncated"}
    assert StorageFailed("Full.", cause="full").as_dict()["facts"] == {"cause": "full"}


def test_the_way_forward() -> None:
    assert "Did you mean a, b?" in ModelNotFound("x", ["a", "b"]).hint
    assert "serai list" in ModelNotFound("x").hint
    assert "pip install 'serai[voice]'" in MissingExtra("Speech", "voice").hint


def test_who_of_one_error_leaves_the_others_alone() -> None:
    assert (Forbidden("x", who="hub").who, Forbidden("x").who) == ("hub", "you")
