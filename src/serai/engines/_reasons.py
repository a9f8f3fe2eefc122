"""Finds in an engine's log why it failed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

Reasons = Sequence[tuple[str, str]]
"""Causes, with the pattern of what engines say of them."""


def first(lines: Iterable[str], reasons: Reasons) -> tuple[str, str] | None:
    """The cause that the first line names of those that name one, and its words."""
    for line in lines:
        for cause, pattern in reasons:
            if match := re.search(pattern, line):
                return cause, match[0].strip()
    return None
