from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serai.accounts.limits import Rates
from serai.errors import RateLimited
from serai.types import CHAT, Call, Limits, Principal


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rates(clock: Clock) -> Rates:
    return Rates(clock)


def call(text: str = "", who: str = "key_a", settings: Any = None, **limits: Any) -> Call:
    inputs = {"messages": [{"role": "user", "content": text}]}
    principal = Principal(who, who, limits=Limits(**limits))
    return Call(task=CHAT, model="m", inputs=inputs, settings=settings or {}, principal=principal)


def test_requests_are_counted_for_each_key_alone(rates: Rates, clock: Clock) -> None:
    for who in ("key_a", "key_b"):
        for _ in range(3):
            rates.enter(call(who=who, requests_per_minute=3))
        with pytest.raises(RateLimited) as refused:
            rates.enter(call(who=who, requests_per_minute=3))
        assert (refused.value.facts["limit"], refused.value.retry_after) == ("requests", 61)
    clock.now += refused.value.retry_after
    rates.enter(call(requests_per_minute=3))


def test_what_is_refused_takes_nothing(rates: Rates) -> None:
    place = rates.enter(call(at_once=1, requests_per_minute=2))
    for _ in range(5):
        with pytest.raises(RateLimited, match="1 at once"):
            rates.enter(call(at_once=1, requests_per_minute=2))
    place.leave(1, 1, began=True)
    rates.enter(call(at_once=1, requests_per_minute=2))


def test_tokens_are_counted_as_they_were(rates: Rates, clock: Clock) -> None:
    limits = {"tokens_per_minute": 100}
    rates.enter(call("x" * 40, **limits)).leave(60, 35, began=True)
    rates.enter(call(**limits)).leave(5, 0, began=True)
    with pytest.raises(RateLimited) as refused:
        rates.enter(call("word", **limits))
    assert refused.value.facts["limit"] == "tokens"
    clock.now += refused.value.retry_after
    rates.enter(call("word", **limits))


def test_what_a_call_allows_is_reserved_until_it_ends(rates: Rates) -> None:
    limits = {"tokens_per_minute": 100}
    place = rates.enter(call(settings={"max_tokens": 90}, **limits))
    with pytest.raises(RateLimited):
        rates.enter(call(settings={"max_tokens": 20}, **limits))
    place.leave(5, 5, began=True)
    rates.enter(call(settings={"max_tokens": 20}, **limits))


def test_a_call_that_may_be_longer_than_the_limit_gets_in_when_it_is_alone(rates: Rates, clock: Clock) -> None:
    limits = {"tokens_per_minute": 100}
    rates.enter(call(**limits)).leave(10, 0, began=True)
    with pytest.raises(RateLimited) as refused:
        rates.enter(call(settings={"max_tokens": 32_000}, **limits))
    clock.now += refused.value.retry_after
    rates.enter(call(settings={"max_tokens": 32_000}, **limits))


def test_going_away_early_is_not_free(rates: Rates) -> None:
    limits = {"tokens_per_minute": 100}
    rates.enter(call("x" * 400, **limits)).leave(0, 0, began=True)
    with pytest.raises(RateLimited):
        rates.enter(call("word", **limits))


def test_a_call_that_no_model_saw_takes_no_tokens(rates: Rates) -> None:
    limits = {"tokens_per_minute": 100}
    rates.enter(call("x" * 400, **limits)).leave(0, 0, began=False)
    rates.enter(call("word", **limits))


def test_pictures_are_not_text(rates: Rates) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 10_000}}
    asked = call(tokens_per_minute=100)
    asked.inputs["messages"][0]["content"] = [picture]
    rates.enter(asked)
    rates.enter(call("word", tokens_per_minute=100))


def test_clients_are_told_in_openais_headers(rates: Rates) -> None:
    asked = call("x" * 40, requests_per_minute=3, tokens_per_minute=100)
    rates.enter(asked)
    told = {name.decode(): value.decode() for name, value in rates.headers(asked.principal)}
    assert (told["x-ratelimit-limit-requests"], told["x-ratelimit-remaining-requests"]) == ("3", "2")
    assert told["x-ratelimit-remaining-tokens"] == "89"
    assert told["x-ratelimit-reset-requests"].endswith("s")
    assert rates.headers(Principal("key_b", "b")) == []


def test_strangers_do_not_fill_the_memory(rates: Rates, clock: Clock) -> None:
    for number in range(1000):
        rates.enter(call(who=f"key_{number}", at_once=1)).leave(1, 1, began=True)
        clock.now += 1
    assert len(rates._uses) < 130


@given(st.lists(st.tuples(st.floats(0, 20), st.integers(0, 30), st.integers(1, 60)), max_size=60))
def test_tokens_never_pass_the_limit_when_answers_keep_to_what_they_said(steps: list[tuple[float, int, int]]) -> None:
    clock = Clock()
    rates, taken = Rates(clock), []
    for later, prompt, answer in steps:
        clock.now += later
        asked = call("word" * prompt, settings={"max_tokens": answer}, tokens_per_minute=100)
        try:
            place = rates.enter(asked)
        except RateLimited:
            continue
        place.leave(prompt, min(answer, 100 - prompt), began=True)
        taken.append((clock.now, prompt + min(answer, 100 - prompt)))
    for begin, _ in taken:
        assert sum(amount for at, amount in taken if begin <= at <= begin + 60) <= 100
