"""The marks around a gap."""

from __future__ import annotations

import pytest

from serai.tasks.infilling import FAMILIES, find


def test_the_marks_that_a_vocabulary_holds_are_found() -> None:
    for family in FAMILIES:
        assert find(set(family.tokens).__contains__) == family
    assert find(lambda _: False) is None
    assert find({"<fim_prefix>", "<fim_suffix>"}.__contains__) is None


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_of_either_text_is_lost(family: object) -> None:
    prompt = family.prompt("BEFORE", "AFTER")  # type: ignore[attr-defined]
    assert prompt.count("BEFORE") == prompt.count("AFTER") == 1
    assert all(token in prompt for token in family.tokens)  # type: ignore[attr-defined]
