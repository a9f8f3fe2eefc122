"""The answers that were asked for lately, in memory: the first place to look."""

from __future__ import annotations

from collections import OrderedDict

from serai.routing.cache.shelf import Kept


class Front:
    """Bounded in bytes: what was used longest ago goes first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: bytes, since: float) -> Kept | None:
        """The answer, unless it was made before."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.made_at < since:
            self.drop(key)
            return None
        self._kept.move_to_end(key)
        return kept

    def put(self, key: bytes, kept: Kept, most: int) -> None:
        self.drop(key)
        self._kept[key] = kept
        self.size += len(kept.answer)
        while self.size > most and self._kept:
            self.drop(next(iter(self._kept)))

    def drop(self, key: bytes) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self.size -= len(gone.answer)

    def clear(self) -> None:
        self._kept.clear()
        self.size = 0
