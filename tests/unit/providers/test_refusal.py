import time
from email.utils import formatdate

import pytest

from serai.errors import BadRequest, Busy, ModelFailed, ModelNotFound, SeraiError
from serai.providers.refusal import refused

OPENAI = b'{"error": {"message": "the service says so", "type": "x"}}'


@pytest.mark.parametrize(
    ("status", "kind", "who"),
    [
        (400, BadRequest, "you"),
        (401, ModelFailed, "shore"),
        (404, ModelNotFound, "shore"),
        (429, Busy, "shore"),
        (500, ModelFailed, "shore"),
    ],
)
def test_every_status_says_who_failed_and_what_the_service_said(status: int, kind: type[SeraiError], who: str) -> None:
    error = refused("shore", "shore/m", status, OPENAI, {})
    assert type(error) is kind and error.who == who
    assert "the service says so" in error.message + error.hint


def test_retry_after_is_passed_on_when_it_is_a_number() -> None:
    assert refused("shore", "m", 503, b"", {"retry-after": "7"}).facts["retry_after"] == 7
    assert refused("shore", "m", 503, b"", {"retry-after": "Sat, 21 Nov 2015 00:00:00 GMT"}).facts["retry_after"] == 1
    later = formatdate(time.time() + 100, usegmt=True)
    assert 95 <= refused("shore", "m", 429, b"", {"retry-after": later}).facts["retry_after"] <= 101
    assert refused("shore", "m", 429, b"", {"retry-after": "soon"}).facts["retry_after"] == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error": "loading"}', b'{"detail": 1}', b"\xff\xfe"])
def test_any_body_becomes_words(body: bytes) -> None:
    assert refused("shore", "m", 502, body, {}).message.startswith("shore failed: ")
