"""How much each principal uses: requests and tokens within a minute, and calls at once. In this process's memory."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from serai.accounts.window import MINUTE_S, Window
from serai.errors import RateLimited
from serai.types import Call, Limits, Principal

_WAIT_S = 1
"""When to try again where only the end of a running call makes room."""

_BYTES = 4
"""So many bytes of a prompt are guessed to be a token."""

_LOOKED_AT = 100_000
"""At most so many parts of a call are looked at to guess its length."""


@dataclass(slots=True)
class _Use:
    """What one principal uses. `reserved` are the tokens that running calls may still take."""

    requests: Window = field(default_factory=Window)
    tokens: Window = field(default_factory=Window)
    running: int = 0
    reserved: int = 0
    seen: float = 0.0


class Rates:
    """Requests are the calls that models are asked. A call's tokens are reserved when it begins (a guess at its prompt,
    and what it allows as answer) and counted as they were when it ends. So a limit of tokens holds as far as the guess
    does; calls that do not say how long their answer may be can be over it by the answers that run at the same time.

    Each process counts for itself, and a restart begins anew."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._uses: dict[str, _Use] = {}

    def enter(self, call: Call) -> _Place:
        """A place for the call, to be left when it ends. Raises RateLimited with the time to wait."""
        limits, now = call.principal.limits, self._clock()
        use = self._use(call.principal.id, now)
        prompt, tokens = _guess(call, limits.tokens_per_minute)
        self._check(limits, use, tokens, now)
        use.running += 1
        use.reserved += tokens
        use.requests.add(1, now)
        return _Place(use, prompt, tokens, self._clock)

    def headers(self, principal: Principal) -> list[tuple[bytes, bytes]]:
        """What a client is told of its limits, in the spelling that OpenAI's clients know."""
        limits, now = principal.limits, self._clock()
        told: list[tuple[bytes, bytes]] = []
        if limits.requests_per_minute is not None:
            window = self._use(principal.id, now).requests
            told += _headers(_REQUESTS, window, 0, limits.requests_per_minute, now)
        if limits.tokens_per_minute is not None:
            use = self._use(principal.id, now)
            told += _headers(_TOKENS, use.tokens, use.reserved, limits.tokens_per_minute, now)
        return told

    def _check(self, limits: Limits, use: _Use, tokens: int, now: float) -> None:
        if limits.at_once is not None and use.running >= limits.at_once:
            raise RateLimited(
                f"{use.running} calls of this key are running; it may have {limits.at_once} at once.",
                limit="at_once",
                retry_after=_WAIT_S,
                hint="Wait until one has ended.",
            )
        if limits.requests_per_minute is not None:
            wait = use.requests.wait(1, limits.requests_per_minute, now)
            if wait > 0:
                raise _too_many("requests", limits.requests_per_minute, wait)
        if limits.tokens_per_minute is not None:
            used = use.tokens.used(now) + use.reserved
            if used and used + tokens > limits.tokens_per_minute:
                wait = use.tokens.wait(tokens, limits.tokens_per_minute, now)
                raise _too_many("tokens", limits.tokens_per_minute, max(wait, _WAIT_S))

    def _use(self, principal: str, now: float) -> _Use:
        use = self._uses.get(principal)
        if use is None:
            self._forget(now)
            use = self._uses[principal] = _Use()
        use.seen = now
        return use

    def _forget(self, now: float) -> None:
        """Drops those who have used nothing for so long that nothing of it counts."""
        stale = [who for who, use in self._uses.items() if not use.running and now - use.seen > 2 * MINUTE_S]
        for who in stale:
            del self._uses[who]


@dataclass(slots=True)
class _Place:
    _use: _Use
    _prompt: int
    _reserved: int
    _clock: Callable[[], float]

    def leave(self, prompt_tokens: int, completion_tokens: int, *, began: bool) -> None:
        """Counts what the call took. One that broke off before its prompt was counted takes what was guessed of it:
        else going away early would be free."""
        self._use.running -= 1
        self._use.reserved -= self._reserved
        taken = (prompt_tokens or (self._prompt if began else 0)) + completion_tokens
        if taken:
            self._use.tokens.add(taken, self._clock())


_NAMES = ("limit", "remaining", "reset")
_REQUESTS, _TOKENS = ([f"x-ratelimit-{name}-{what}".encode() for name in _NAMES] for what in ("requests", "tokens"))


def _headers(
    names: Sequence[bytes], window: Window, reserved: int, limit: int, now: float
) -> Iterator[tuple[bytes, bytes]]:
    left = max(0, limit - window.used(now) - reserved)
    return zip(names, (b"%d" % limit, b"%d" % left, b"%.1fs" % window.wait(limit, limit, now)), strict=True)


def _too_many(what: str, limit: int, wait: float) -> RateLimited:
    seconds = max(1, math.ceil(wait))
    return RateLimited(
        f"This key has used its {limit:,} {what} a minute.",
        limit=what,
        retry_after=seconds,
        hint=f"Try again in {seconds} s, or ask whoever made the key for more.",
    )


def _guess(call: Call, limit: int | None) -> tuple[int, int]:
    """How long the prompt may be, and with the answer that is allowed, each at most the whole limit; 0 where tokens are
    not limited."""
    if limit is None:
        return 0, 0
    prompt = _size(call.inputs) // _BYTES
    answer = call.settings.get("max_tokens")
    return min(limit, prompt), min(limit, prompt + (answer if isinstance(answer, int) else 0))


def _size(inputs: Mapping[str, Any]) -> int:
    """Bytes of all the text in a call's inputs; pictures are not text."""
    found, looked = 0, 0
    rest: list[Any] = [inputs]
    while rest and looked < _LOOKED_AT:
        looked += 1
        value = rest.pop()
        if isinstance(value, str):
            found += 0 if value.startswith("data:") else len(value.encode("utf-8", "replace"))
        elif isinstance(value, Mapping):
            rest.extend(value.values())
        elif isinstance(value, list | tuple):
            rest.extend(value)
    return found
