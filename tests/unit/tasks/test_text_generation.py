"""What a caller may set, beyond each setting's own limits."""

from __future__ import annotations

from typing import Any

import pytest

from serai.errors import BadRequest
from serai.tasks.text_generation import BY_NAME, check


def test_a_choice_is_one_of_its_words() -> None:
    assert check({"truncation": "oldest"}) == {"truncation": "oldest"}
    assert BY_NAME["truncation"].schema()["enum"] == ["refuse", "oldest"]
    with pytest.raises(BadRequest, match="one of refuse, oldest"):
        check({"truncation": "newest"})


@pytest.mark.parametrize("biases", [{"5": 100}, {"5": -1.5, "7": False}, {}])
def test_biases_are_numbers_of_tokens(biases: dict[str, Any]) -> None:
    assert check({"logit_bias": biases}) == {"logit_bias": biases}


@pytest.mark.parametrize("biases", [{"cat": 1}, {"-1": 1}, {"5": "much"}, {"5": 101}, {"5": True}, {"5": float("nan")}])
def test_others_would_be_passed_over_in_silence(biases: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match="logit_bias"):
        check({"logit_bias": biases})
