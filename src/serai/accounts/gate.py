"""The gate: who stands behind what a request shows, and the end of what they have open once it opens nothing more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from serai.accounts import keys as api_keys
from serai.accounts import tokens
from serai.accounts.keys import Keys
from serai.accounts.limits import Rates
from serai.accounts.tokens import Tokens
from serai.errors import SeraiError, Unauthenticated
from serai.routing.live import LiveCall
from serai.types import OWNER, Principal

LOOK_S = 1.0
"""How soon it is noticed that another process revoked a key, or that one has expired, while it is in use."""

End = Callable[[], None]


class Calls(Protocol):
    """What is needed of the router."""

    def live(self) -> Sequence[LiveCall]: ...

    def revoke(self, principal: str) -> None: ...


class Gate:
    """Revoking a key in this process ends what it has open before `Keys.revoke` returns."""

    def __init__(self, keys: Keys, signed: Tokens, rates: Rates, calls: Calls) -> None:
        self._keys = keys
        self._tokens = signed
        self._calls = calls
        self._held: dict[str, set[End]] = {}
        self._looking: asyncio.Task[None] | None = None
        self.headers = rates.headers
        keys.changed = self.look

    async def knows(self, shown: str) -> bool:
        """Whether this is meant as one of Serai's keys, or a token that it was told to take, be it good or not."""
        return shown.startswith(api_keys.PREFIX) or (shown.count(".") == 2 and await self._tokens.configured())

    async def verify(self, shown: str) -> Principal | None:
        """Who shows this key or token; None when it opens nothing. Raises Unauthenticated with a token's fault."""
        return await self._verify(shown, touch=True)

    async def principal(self, who: str) -> Principal | None:
        """Whoever has this id, for what is done in their name later; None when their key opens nothing any more."""
        if who == OWNER.id:
            return OWNER
        if who.startswith(tokens.PREFIX):
            return self._tokens.later(who)
        return await self._keys.principal(who)

    @contextmanager
    def hold(self, shown: str, end: End) -> Iterator[None]:
        """While the block runs, `end` is called as soon as what was shown opens nothing any more."""
        self._held.setdefault(shown, set()).add(end)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_on())
        try:
            yield
        finally:
            self._held[shown].discard(end)
            if not self._held[shown]:
                del self._held[shown]

    async def look(self) -> None:
        """Ends whatever is held by a key or token that opens nothing any more, and the calls of keys that don't."""
        for shown in list(self._held):
            if await self._gone(shown):
                for end in list(self._held.get(shown, ())):
                    end()
        for who in self._asking():
            if await self._keys.principal(who) is None:
                self._calls.revoke(who)

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})

    async def _look_on(self) -> None:
        while self._held or self._asking():
            await asyncio.sleep(LOOK_S)
            try:
                await self.look()
            except SeraiError:  # a database that is away for a moment ends nobody's work
                continue

    def _asking(self) -> set[str]:
        """The keys in whose name calls are running, some of which no connection waits for."""
        return {call.call.principal.id for call in self._calls.live() if call.call.principal.id.startswith("key_")}

    async def _gone(self, shown: str) -> bool:
        try:
            return await self._verify(shown, touch=False) is None
        except Unauthenticated:
            return True
        except SeraiError:
            return False

    async def _verify(self, shown: str, *, touch: bool) -> Principal | None:
        if shown.startswith(api_keys.PREFIX):
            return await self._keys.verify(shown, touch=touch)
        if shown.count(".") == 2 and await self._tokens.configured():
            return await self._tokens.verify(shown)
        return None
