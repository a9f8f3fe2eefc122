"""Variations come from the seed alone, and never vanish."""

import random

import pytest
from guide.augment import Augmenter
from guide.normal import normal

from guide import phrases


@pytest.fixture(params=phrases.LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def variations(language: str, seed: int) -> list[str]:
    taught, rng = phrases.training(language)[::50], random.Random(seed)
    augmenter = Augmenter(language, taught, phrases.synonyms(language))
    return [augmenter.vary(p.text, rng) for p in taught] + [augmenter.stray(p.text, "abc", rng) for p in taught]


def test_the_same_seed_gives_the_same_variations(language: str) -> None:
    assert variations(language, 1) == variations(language, 1)


def test_another_seed_gives_others(language: str) -> None:
    assert variations(language, 1) != variations(language, 2)


def test_a_variation_is_never_empty_and_already_plain(language: str) -> None:
    for text in variations(language, 3):
        assert text
        assert normal(text) == text
