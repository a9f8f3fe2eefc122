"""Names and patterns of names, and which of several that fit says the most. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache


def fits(pattern: str, name: str) -> bool:
    """Letters' case does not matter; `*` is anything; `org/name` also stands for its quantisations."""
    folded = name.casefold()
    found = _compiled(pattern)
    return bool(found.fullmatch(folded) or found.fullmatch(folded.split("@", 1)[0].split(":", 1)[0]))


def closest(patterns: Iterable[str], name: str) -> str | None:
    """The pattern that fits and leaves the least open: a name before a pattern, a longer one before a shorter."""
    found = [pattern for pattern in patterns if fits(pattern, name)]
    return max(found, key=lambda pattern: ("*" not in pattern, len(pattern)), default=None)


@lru_cache(4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.casefold().split("*"))))
