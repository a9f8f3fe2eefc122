"""Names from outside, before they may become paths. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_LONGEST_PART = 255
_LONGEST = 1024
_DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def safe(path: str) -> bool:
    """Whether a path from the hub may be used under the cache: relative, plain, no way out, not too long."""
    parts = path.split("/")
    return len(path.encode()) <= _LONGEST and all(_plain(part) for part in parts)


def is_digest(text: object) -> bool:
    """Whether this is a SHA-1 or SHA-256 in hexadecimal, as commits and blobs are named."""
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None


def collision(paths: Iterable[str]) -> tuple[str, str] | None:
    """Two paths that are one where case does not count, as on many disks of macOS and Windows."""
    seen: dict[str, str] = {}
    for path in paths:
        other = seen.setdefault(unicodedata.normalize("NFC", path).casefold(), path)
        if other != path:
            return other, path
    return None


def _plain(part: str) -> bool:
    if part in {"", ".", ".."} or not part.isprintable() or "\\" in part:
        return False
    return len(part.encode()) <= _LONGEST_PART
