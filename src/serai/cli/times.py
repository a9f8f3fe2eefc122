"""Moments in the past as people name them on the command line: 30m, 24h, 7d, a date."""

from __future__ import annotations

import re
import time
from datetime import datetime

from serai.errors import BadRequest

_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*(m|h|d|w)")
_SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}


def moment(text: str) -> float:
    """Seconds since 1970: so long ago, or a date and time of this machine's clock. Raises BadRequest."""
    if found := _AGO.fullmatch(text.strip()):
        return time.time() - float(found[1]) * _SECONDS[found[2]]
    try:
        return datetime.fromisoformat(text.strip()).timestamp()
    except ValueError as error:
        raise BadRequest(f"{text!r} is no moment.", hint="Write 30m, 24h, 7d or 2026-11-21T09:30.") from error
