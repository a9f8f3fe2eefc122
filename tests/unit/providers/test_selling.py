from __future__ import annotations

from typing import Any

import pytest

from serai.providers import selling
from serai.providers.providers import Providers
from serai.providers.rows import Row


class Opened:
    """Services that are open: one with a backend that tells its prices or does not."""

    def __init__(self, row: Row, backend: Any) -> None:
        self._row, self._backend = row, backend

    def opened(self, name: str) -> tuple[Row, Any] | None:
        return (self._row, self._backend) if name == self._row.name else None


class Telling:
    def quoted(self, model: str) -> dict[str, float]:
        return {"input": float(len(model))}


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://api.openai.com/other", "openai"),
        ("https://api.openai.com.evil.example/v1", ""),
        ("http://api.openai.com/v1", ""),
        ("http://10.0.0.7:8000/v1", ""),
    ],
)
def test_the_kinds_prices_are_those_at_its_own_address(url: str, kind: str) -> None:
    seller = selling.seller(of(url, object()), "far")
    assert seller is not None and seller.kind == kind and seller.quote("any") is None


def test_a_service_tells_its_prices_itself() -> None:
    seller = selling.seller(of("http://10.0.0.7:8000", Telling()), "far")
    assert seller is not None and seller.quote("four") == {"input": 4.0}


def test_a_place_that_is_no_service_sells_nothing() -> None:
    assert selling.seller(of("http://10.0.0.7:8000", Telling()), "near") is None


def of(url: str, backend: object) -> Providers:
    return Opened(Row(name="far", kind="openai", url=url), backend)  # type: ignore[return-value]
