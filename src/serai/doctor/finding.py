"""What a check says."""

from __future__ import annotations

from typing import Literal, NamedTuple

Level = Literal["ok", "warning", "failed"]


class Finding(NamedTuple):
    """How a part is; `mend` says what to do about it."""

    level: Level
    text: str
    mend: str | None = None
