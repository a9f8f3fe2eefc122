from __future__ import annotations

import pytest

from serai.cli.screen import split


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ("growing", ""),
        ("one\n\n", ""),
        ("one\n\ntwo", "one\n\n"),
        ("one\n\ntwo\n\nthree", "one\n\ntwo\n\n"),
        ("```py\na\n\nb", ""),
        ("```py\na\n\nb\n```\n\nafter", "```py\na\n\nb\n```\n\n"),
        ("````\n```\n\na", ""),
        ("1. one\n\n2. two", ""),
        ("1. one\n\n   more\n\n2. two\n\nafter", "1. one\n\n   more\n\n2. two\n\n"),
        ("- a\n- b\n\ntext", "- a\n- b\n\n"),
    ],
)
def test_blocks_are_finished_when_the_next_has_begun(text: str, done: str) -> None:
    assert split(text) == (done, text[len(done) :])


def test_nothing_is_lost_however_the_text_is_cut() -> None:
    text = "# A\n\n1. x\n\n2. y\n\n```\nq\n\n```\n\nend"
    shown, rest = "", ""
    for sign in text:
        done, rest = split(rest + sign)
        shown += done
    assert shown + rest == text
