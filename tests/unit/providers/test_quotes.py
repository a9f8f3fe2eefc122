"""Prices that services tell, for a million tokens; what varies or is missing is unknown."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes.service import MODEL, FakeService, serving
from tests.unit.providers.conftest import opened

from serai.providers import _quotes

CHEAP, DEAR = {"input": 0.1, "output": 0.3}, {"input": 0.2, "output": 0.2}


def test_a_token_alone_becomes_a_million() -> None:
    told = {"id": "m", "pricing": {"prompt": "0.00000015", "completion": "0.0000006", "image": "0"}}
    assert _quotes.of(told) == {"input": 0.15, "output": 0.6}
    more = {"input_cache_read": "0.00000001", "request": "0.005"}
    assert _quotes.of({"pricing": {**told["pricing"], **more}}) == {
        "input": 0.15, "output": 0.6, "cached_input": 0.01, "request": 0.005
    }  # fmt: skip
    assert _quotes.of({"pricing": {"prompt": "0", "completion": 0}}) == {"input": 0.0, "output": 0.0}


@pytest.mark.parametrize(
    "pricing",
    [None, "free", {}, {"prompt": "-1", "completion": "-1"}, {"prompt": "0.1"}, {"prompt": "nan", "completion": "1"},
     {"prompt": "a lot", "completion": "1"}, {"prompt": True, "completion": 1}, {"prompt": None, "completion": None}],
)  # fmt: skip
def test_what_is_no_price_is_unknown(pricing: Any) -> None:
    assert _quotes.of({"pricing": pricing}) is None
    assert _quotes.by_name([{"id": "m", "pricing": pricing}]) == {}


def test_where_the_router_chooses_it_is_the_highest_if_all_tell_theirs() -> None:
    quotes = _quotes.behind("m", {"a": CHEAP, "b": DEAR})
    assert quotes["m:a"] == CHEAP and quotes["m:cheapest"] == DEAR
    assert quotes["m"] == quotes["m:fastest"] == {"input": 0.2, "output": 0.3}
    some = _quotes.behind("m", {"a": CHEAP, "b": None})
    assert some.keys() == {"m:a", "m:cheapest"}
    assert _quotes.behind("m", {"b": None}) == {}


async def test_openrouters_list_is_read() -> None:
    row = {"id": MODEL, "pricing": {"prompt": "0.000001", "completion": "0.000002"}}
    async with serving(FakeService(models=[row])) as service, opened(service.url, "openrouter") as backend:
        await backend.models()
        quote = backend.quoted(MODEL)  # type: ignore[attr-defined]
        assert (quote["input"], quote["output"], quote["currency"]) == (1.0, 2.0, "USD") and quote["seen_at"] > 0
        service.models = []
        await backend.listing.refresh()  # type: ignore[attr-defined]
        assert backend.quoted(MODEL) is None  # type: ignore[attr-defined]
