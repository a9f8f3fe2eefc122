"""Choosing tokens: each setting does what it says."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serai.engines._serving.sampling import Sampler, Sampling, likeliest, log_probability, settings_from

OPEN = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0}
SHARES = np.log(np.array([0.5, 0.25, 0.15, 0.07, 0.03], dtype=np.float32))


def drawn(logits: Any = SHARES, count: int = 400, **settings: Any) -> set[int]:
    """The tokens that many answers begin with."""
    return {Sampler(Sampling(**{**OPEN, **settings, "seed": seed})).choose(logits) for seed in range(count)}


def test_nothing_set_leaves_every_token_in_its_share() -> None:
    tokens = [Sampler(Sampling(**OPEN, seed=seed)).choose(SHARES) for seed in range(4000)]
    shares = np.bincount(tokens, minlength=5) / 4000
    assert np.abs(shares - np.exp(SHARES)).max() < 0.03


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ({"temperature": 0}, {0}),
        ({"top_k": 2}, {0, 1}),
        ({"top_p": 0.6}, {0, 1}),
        ({"top_p": 0.5}, {0}),
        ({"top_p": 0}, {0}),
        ({"min_p": 0.2}, {0, 1, 2}),
        ({"top_k": 3, "min_p": 0.4}, {0, 1}),
        ({"logit_bias": {4: 100}}, {4}),
        ({"logit_bias": {0: float("-inf"), 1: float("-inf")}}, {2, 3, 4}),
        ({"typical_p": 0.2}, {1}),
        ({"top_k": 10**6}, {0, 1, 2, 3, 4}),
    ],
)
def test_a_setting_leaves_what_it_says(settings: dict[str, Any], left: set[int]) -> None:
    assert drawn(**settings) == left


def test_a_low_temperature_prefers_the_likeliest_and_a_high_one_all() -> None:
    assert drawn(temperature=0.05) == {0}
    assert drawn(temperature=5) == {0, 1, 2, 3, 4}


def test_only_what_is_allowed_is_chosen() -> None:
    allowed = np.array([False, False, True, False, False])
    assert Sampler(Sampling(temperature=0)).choose(SHARES, allowed) == 2
    assert Sampler(Sampling(seed=1)).choose(SHARES, allowed) == 2


@pytest.mark.parametrize("penalty", [{"presence_penalty": 2}, {"frequency_penalty": 2}, {"repetition_penalty": 10}])
def test_penalties_avoid_what_was_said(penalty: dict[str, float]) -> None:
    sampler = Sampler(Sampling(temperature=0, **penalty))
    logits = np.array([1.0, 0.9, -5.0], dtype=np.float32)
    assert [sampler.choose(logits), sampler.choose(logits)] == [0, 1]


def test_a_repetition_penalty_counts_the_prompt_too() -> None:
    logits = np.array([1.0, 0.9], dtype=np.float32)
    assert Sampler(Sampling(temperature=0, repetition_penalty=2), [0]).choose(logits) == 1


def test_the_numbers_given_stay_as_they_are() -> None:
    logits = SHARES.copy()
    Sampler(Sampling(repetition_penalty=2, presence_penalty=1, logit_bias={1: 5}, seed=1), [0, 1]).choose(logits)
    assert (logits == SHARES).all()


def test_the_same_seed_gives_the_same_tokens() -> None:
    def answer(seed: int | None) -> list[int]:
        sampler = Sampler(Sampling(**{**OPEN, "seed": seed}))
        return [sampler.choose(SHARES) for _ in range(40)]

    assert answer(5) == answer(5) != answer(6)
    assert answer(None) != answer(None)


@given(st.integers(1, 5000), st.floats(0.01, 1), st.floats(0, 1), st.integers(0, 100), st.integers(0, 9))
def test_some_token_of_the_vocabulary_is_always_chosen(
    size: int, top_p: float, min_p: float, top_k: int, seed: int
) -> None:
    logits = np.random.default_rng(seed).normal(0, 5, size).astype(np.float32)
    token = Sampler(Sampling(top_p=top_p, min_p=min_p, top_k=top_k, seed=seed)).choose(logits)
    assert 0 <= token < size


def test_in_a_large_vocabulary_the_share_is_reached_beyond_the_first_thousand() -> None:
    flat = np.zeros(5000, dtype=np.float32)
    sampler = Sampler(Sampling(**OPEN | {"top_p": 0.9}, seed=3))
    assert len({sampler.choose(flat) for _ in range(6000)}) > 2500


def test_log_probabilities_are_those_before_any_setting() -> None:
    own, others = log_probability(SHARES, 2, 2)
    assert own == pytest.approx(np.log(0.15), abs=1e-5)
    assert others == [(0, pytest.approx(np.log(0.5), abs=1e-5)), (1, pytest.approx(np.log(0.25), abs=1e-5))]
    assert log_probability(SHARES, 2, 0)[1] == []


def test_the_likeliest_come_in_order() -> None:
    assert likeliest(np.array([1.0, 3.0, 2.0], dtype=np.float32), 2).tolist() == [1, 2]


def test_unset_settings_are_llama_cpps() -> None:
    assert settings_from({"seed": None, "foreign": 1}) == Sampling()
    assert (Sampling().temperature, Sampling().top_k, Sampling().top_p, Sampling().min_p) == (0.8, 40, 0.95, 0.05)
