"""Nothing that looks like a key or token, and no secret that Serai knows, goes into a log."""

from __future__ import annotations

import json
import re
import threading
from typing import Any
from urllib.parse import quote

HIDDEN = "[redacted]"
SHORTEST = 4
"""Shorter values are not hidden: they would tear holes into every word."""

_PATTERNS = re.compile(
    r"""
    \bhf_[A-Za-z0-9]{16,} |
    \bsk-[A-Za-z0-9_-]{16,} |
    \bserai-[A-Za-z0-9_-]{40,} |
    (?<=://)[^/\s:@]*:[^/\s@]+(?=@) |                             # https://name:password@host
    (?i:\b(?P<scheme>bearer|basic)\s+)[A-Za-z0-9+/=._~-]{6,} |
    (?i:(?P<name>(?:key|token|secret|password|passwd|authorization)["']?\s*=\s*["']?))[^\s"'&,;)}\]]+ |
    (?i:(?P<quoted>(?:key|token|secret|password|passwd|authorization)["']\s*:\s*["']))[^"']+
    """,
    re.VERBOSE,
)


class Redactor:
    """Safe to use from every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: set[str] = set()
        self._known: re.Pattern[str] | None = None

    def add(self, value: str) -> None:
        """Hides this value from now on, also where it was escaped for a URL, for JSON or by repr()."""
        value = value.strip()
        if len(value) < SHORTEST:
            return
        forms = {value, quote(value, safe=""), json.dumps(value)[1:-1], repr(value)[1:-1]}
        with self._lock:
            if not forms <= self._values:
                self._values |= forms
                longest_first = sorted(self._values, key=len, reverse=True)
                self._known = re.compile("|".join(map(re.escape, longest_first)))

    def clean(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        return _PATTERNS.sub(_hide, text)

    def clean_all(self, value: Any) -> Any:
        """The same for every text inside a structure; what JSON cannot hold becomes its repr()."""
        if isinstance(value, str):
            return self.clean(value)
        if isinstance(value, dict):
            return {self.clean(str(key)): self.clean_all(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.clean_all(item) for item in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.clean(repr(value))


def _hide(match: re.Match[str]) -> str:
    if scheme := match["scheme"]:
        return f"{scheme} {HIDDEN}"
    return f"{match['name'] or match['quoted'] or ''}{HIDDEN}"
