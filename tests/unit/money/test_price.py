from __future__ import annotations

import pytest

from serai.errors import BadRequest
from serai.money import amounts, patterns
from serai.money.price import FREE, Counts, Price, check, cost, quoted

SEEN_AT = 1_795_262_400.0


@pytest.mark.parametrize(
    ("price", "dollars"),
    [
        (Price(input=2), 2.0),
        (Price(input=2, cached_input=1), 1.5),
        (Price(output=4), 2.0),
        (Price(request=0.25), 0.25),
        (Price(image=0.5), 1.0),
        (Price(audio_second=0.01), 0.6),
        (Price(compute_second=0.001), 0.036),
        (Price(hour=10), 0.1),
        (FREE, 0.0),
    ],
)
def test_what_is_counted_is_charged(price: Price, dollars: float) -> None:
    counts = Counts(prompt=1_000_000, cached=500_000, completion=500_000, images=2, audio_s=60, seconds=36)
    assert cost(price, counts) == pytest.approx(dollars)


@pytest.mark.parametrize(
    "wrong", [{"input": -1}, {"input": "1"}, {"input": True}, {"words": 1}, {"input": float("nan")}, {"input": None}]
)
def test_what_is_no_price_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadRequest):
        check(wrong)


def test_a_service_is_understood_whole_or_not_at_all() -> None:
    known = quoted({"input": 1.0, "output": 2.0, "currency": "USD", "seen_at": SEEN_AT})
    assert known is not None and known.price == Price(input=1, output=2) and str(known.seen) == "2026-11-21"
    for said in (None, {}, {"currency": "USD"}, {"input": 1, "currency": "EUR"}, {"input": 1, "per_page": 2}, "free"):
        assert quoted(said) is None
    assert quoted({"input": -1.0}) is None


def test_the_pattern_that_leaves_least_open_holds() -> None:
    known = ("*", "far/*", "far/one*", "far/one")
    closest = [patterns.closest(known, name) for name in ("other", "FAR/two", "far/one-more", "far/one", "far/one:Q4")]
    assert closest == ["*", "far/*", "far/one*", "far/one", "far/one"]
    assert patterns.closest(("a.b",), "axb") is None


def test_small_amounts_are_seen() -> None:
    told = [amounts.said(amounts.nano(value)) for value in (0, 12.5, 1234.5, 0.01, 0.00123, 2e-8)]
    assert told == ["$0.00", "$12.50", "$1,234.50", "$0.01", "$0.0012", "$0.00000002"]


def test_what_is_put_aside_is_never_below_what_is_charged() -> None:
    for thousandths in range(5000):
        dollars = thousandths / 1e12
        assert amounts.at_most(dollars) >= amounts.nano(dollars)
