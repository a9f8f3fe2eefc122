from __future__ import annotations

import pytest

from serai.chat.titles import LONGEST, title


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How do I load a model?", "How do I load a model?"),
        ("\n\n  spaced   out\tline \nmore", "spaced out line"),
        ("## A **bold** heading", "A bold heading"),
        ("```python\nprint()\n```\nWhat does this do?", "What does this do?"),
        ("```\nonly code\n```", "only code"),
        ("```unfinished\ncode", "unfinished"),
        ("سلام، مدل را چطور بارگذاری کنم؟", "سلام، مدل را چطور بارگذاری کنم؟"),
        ("", ""),
        ("\n \n", ""),
        ("***", ""),
    ],
)
def test_title(text: str, expected: str) -> None:
    assert title(text) == expected


def test_a_long_line_is_cut_at_a_word() -> None:
    cut = title("wonderful " * 20)
    assert len(cut) <= LONGEST + 1
    assert cut.endswith("wonderful…")


def test_a_long_word_is_cut_anyway() -> None:
    assert title("x" * 500) == "x" * LONGEST + "…"
