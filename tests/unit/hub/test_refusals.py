from __future__ import annotations

from dataclasses import dataclass, field
from email.utils import formatdate
from time import time
from typing import Any

import pytest
from multidict import CIMultiDict
from yarl import URL

from serai.errors import Busy
from serai.hub import refusals


@dataclass
class Response:
    status: int
    headers: CIMultiDict[str] = field(default_factory=CIMultiDict)
    url: URL = field(default_factory=lambda: URL("https://hub.example/api/models/a/b"))


def refused(status: int, **headers: str) -> Any:
    named = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    return refusals.of(Response(status, named), "a/b", has_token=False)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "7"}, 7),
        ({"Retry_After": "999999"}, 3600),
        ({"Retry_After": "nonsense"}, 30),
        ({"RateLimit": '"api";r=0;t=12'}, 12),
        ({}, 30),
    ],
)
def test_the_hub_says_how_long_to_wait(headers: dict[str, str], seconds: int) -> None:
    error = refused(429, **headers)
    assert isinstance(error, Busy) and error.retry_after == seconds


def test_a_date_to_wait_for_is_understood() -> None:
    assert 50 <= refused(429, Retry_After=formatdate(time() + 60, usegmt=True)).retry_after <= 60
    assert refused(429, Retry_After=formatdate(time() - 60, usegmt=True)).retry_after == 0


@pytest.mark.parametrize("status", [200, 206])
def test_what_is_fine_is_no_refusal(status: int) -> None:
    assert refused(status) is None


@pytest.mark.parametrize("status", [401, 403, 404, 410, 416, 429, 500, 503])
def test_every_refusal_has_words_and_a_way_forward(status: int) -> None:
    error = refused(status)
    assert error.message.endswith(".") and error.hint
