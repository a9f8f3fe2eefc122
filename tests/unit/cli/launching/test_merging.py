from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serai.cli.launching.merging import merged, without

KEYS = st.sampled_from(["a", "b", "c"])
LEAVES = st.one_of(st.integers(0, 2), st.sampled_from(["x", "y"]), st.lists(st.integers(0, 2), unique=True, max_size=2))
TREES = st.dictionaries(KEYS, st.recursive(LEAVES, lambda inner: st.dictionaries(KEYS, inner, max_size=2)), max_size=3)


@given(before=TREES, ours=TREES)
def test_what_was_merged_in_comes_out_again(before: dict[str, Any], ours: dict[str, Any]) -> None:
    kept = copy.deepcopy(before)
    assert without(merged(before, ours), ours, before) == before == kept


@given(before=TREES, ours=TREES)
def test_ours_is_in_what_was_merged(before: dict[str, Any], ours: dict[str, Any]) -> None:
    assert merged(merged(before, ours), ours) == merged(before, ours)


@pytest.mark.parametrize(
    ("now", "left"),
    [
        ({"model": "ours", "theme": "dark"}, {"model": "mine", "theme": "dark"}),
        ({"model": "other"}, {"model": "other"}),
        ({}, {}),
    ],
)
def test_what_others_changed_meanwhile_stays(now: dict[str, Any], left: dict[str, Any]) -> None:
    assert without(now, {"model": "ours"}, {"model": "mine"}) == left


def test_a_list_keeps_what_others_added() -> None:
    assert without({"m": [1, 2, 3]}, {"m": [2]}, {"m": [1]}) == {"m": [1, 3]}
