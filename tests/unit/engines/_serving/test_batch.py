"""What a slot has in common with a prompt."""

import pytest

from serai.engines._serving.batch import Slot


@pytest.mark.parametrize(
    ("held", "prompt", "common"),
    [
        ([], [1, 2], 0),
        ([1, 2, 3], [1, 2, 3], 2),
        ([1, 2, 3], [1, 9, 3], 1),
        ([1, -7, -7, 2], [1, -7, -7, 2, 3], 4),
        ([1, -7, -7, 2], [1, -8, -8, 2, 3], 0),
        ([1, 2], [1, 2, -7, 3], 0),
        ([1, 2, -7, 3], [1, 2, 4, 5], 0),
    ],
)
def test_pictures_are_read_whole_or_not_at_all(held: list[int], prompt: list[int], common: int) -> None:
    slot = Slot(0)
    slot.held = held
    assert slot.common(prompt) == common
