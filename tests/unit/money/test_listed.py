from __future__ import annotations

import tomllib
from datetime import date
from importlib.resources import files

import pytest

from serai.money import listed
from serai.money.price import Known, Price
from serai.providers.declaration import kinds

TODAY = date(2026, 11, 21)


def test_every_price_says_when_and_where_it_was_seen() -> None:
    for one in listed.every():
        assert one.known.seen is not None and date(2025, 1, 1) < one.known.seen <= date.today()  # noqa: DTZ011
        assert one.known.where.startswith("https://") and not one.known.price.free


def test_what_others_read_is_said_to_be_theirs() -> None:
    known = listed.find("groq", "llama-3.1-8b-instant", TODAY)
    assert known is not None and known.where == "https://groq.com/pricing (as read by github.com/pydantic/genai-prices)"
    ours = listed.find("anthropic", "claude-haiku-4-5", TODAY)
    assert ours is not None and "read by" not in ours.where


def test_cached_tokens_are_never_dearer_and_answers_never_cheaper() -> None:
    for one in listed.every():
        price = one.known.price
        assert (price.cached_input or 0) <= price.input
        assert not price.output or price.output >= price.input


def test_no_model_is_listed_twice_from_the_same_day() -> None:
    known = [(one.kind, model, one.since) for one in listed.every() for model in one.models]
    assert len(known) == len(set(known))


def test_the_kinds_are_kinds_that_are_in_one_place() -> None:
    tree = tomllib.loads((files("serai.money") / "prices.toml").read_text("utf-8"))
    known = kinds()
    assert all(known[kind].url for kind in tree)


@pytest.mark.parametrize(
    ("kind", "model", "dollars"),
    [
        ("openai", "gpt-4o", 2.5),
        ("openai", "gpt-4o-mini", 0.15),
        ("openai", "gpt-4.1-2025-04-14", 2),
        ("openai", "gpt-4o-audio-preview", None),
        ("openai-compatible", "gpt-4o", None),
        ("anthropic", "claude-sonnet-4-5-20250929", 3),
        ("anthropic", "claude-sonnet-5-5", 2),
        ("anthropic", "claude-sonnet-50", None),
    ],
)
def test_a_model_is_found_by_its_name_or_not_at_all(kind: str, model: str, dollars: float | None) -> None:
    found = listed.find(kind, model, TODAY)
    assert (found and found.price.input) == dollars


def test_a_price_holds_from_its_day_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def one(dollars: float, since: date | None) -> listed.Listed:
        return listed.Listed(kind="k", models=("m*",), known=Known(Price(input=dollars), "listed"), since=since)

    held = [one(1, None), one(2, date(2026, 12, 1)), one(3, date(2027, 1, 1))]
    monkeypatch.setattr(listed, "every", lambda: held)
    listed._find.cache_clear()
    days = (TODAY, date(2026, 12, 1), date(2026, 12, 31), date(2027, 5, 1))
    found = [listed.find("k", "m1", day) for day in days]
    assert [known and known.price.input for known in found] == [1, 2, 2, 3]
    listed._find.cache_clear()
