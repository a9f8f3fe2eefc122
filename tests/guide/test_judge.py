"""A decline is weighed just so that enough off-topic questions are declined."""

import pytest

torch = pytest.importorskip("torch")


def smallest(caution: float) -> float:
    from guide import judge

    scores = torch.tensor([[3.0, 1.0], [1.5, 1.0], [0.0, 1.0], [0.0, 9.0]])  # the decline is the second
    return judge.smallest_weight(scores, torch.tensor([True, True, True, False]), torch.ones(4), 1, caution)


def test_a_third_is_declined_without_any_weight() -> None:
    assert smallest(0.3) < 0


def test_more_caution_takes_just_the_weight_that_is_needed() -> None:
    assert 0.5 < smallest(0.6) <= 0.75
    assert 2.0 < smallest(0.9) <= 2.25
