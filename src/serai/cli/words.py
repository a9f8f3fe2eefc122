"""Numbers and times as people read them."""

from __future__ import annotations

import time

_UNITS = ("B", "kB", "MB", "GB", "TB")


def size(count: float | None) -> str:
    """Bytes in decimal units, three significant digits: 4.07 MB."""
    if count is None:
        return ""
    value = float(count)
    for unit in _UNITS:
        if value < 999.5 or unit == _UNITS[-1]:
            break
        value /= 1000
    return f"{value:.0f} B" if unit == "B" else f"{value:.3g} {unit}"


def count(number: float | None) -> str:
    """A count of parameters: 1.1 B, 5 M."""
    if not number:
        return ""
    for limit, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= limit:
            return f"{number / limit:.3g} {unit}"
    return str(int(number))


def ago(moment: float | None, now: float | None = None) -> str:
    """How long ago a moment was: 5 min ago."""
    if moment is None:
        return ""
    return f"{duration(max(0.0, (time.time() if now is None else now) - moment))} ago"


def duration(seconds: float) -> str:
    """A length of time in its largest unit."""
    for length, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
