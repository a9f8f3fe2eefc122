"""What is known already, before it is asked: a Backend around one for one model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from serai.routing.cache.cache import Cache
from serai.routing.fallback import One
from serai.types import Call, Delta, Model


class Known:
    """Answers what the cache knows; all else is asked, with its queue, its money and its faults. `apart`: the answers
    are of somebody's own account, and nobody else's."""

    def __init__(self, asked: One, cache: Cache, *, apart: bool = False) -> None:
        self._apart = apart
        self.name = asked.name
        self.model = asked.model
        self._asked = asked
        self._cache = cache

    async def models(self) -> Sequence[Model]:
        return await self._asked.models()

    async def close(self) -> None:
        """The backend is not its own."""

    def run(self, call: Call) -> AsyncGenerator[Delta, None]:
        if not self._cache.wants(call, self.model):  # nothing between a stream and its reader
            return self._asked.run(call)
        return self._cache.cached(call, self.model, lambda: self._asked.run(call), apart=self._apart)
