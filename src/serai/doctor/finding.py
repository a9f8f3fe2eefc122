"""What a check says."""

from __future__ import annotations

from typing import Literal, NamedTuple

from serai.wording import say

Level = Literal["ok", "warning", "failed"]


ANEW = say("Install Serai anew.")


class Finding(NamedTuple):
    """How a part is; `mend` says what to do about it. Both are sayings, unless they hold nothing to translate."""

    level: Level
    text: str
    mend: str | None = None
