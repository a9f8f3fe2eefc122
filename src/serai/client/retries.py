"""When a request is tried again, and how long is waited before: only where nothing was answered, and never for ever."""

from __future__ import annotations

import random
from typing import Any

import httpx2

from serai.endpoints import Request

BASE_S = 0.25
MOST_S = 60.0
"""A server that wants to be left alone for longer is left alone: its error is raised."""

FULL = frozenset({429, 503, 529})
IDEMPOTENT = frozenset({"GET", "PUT", "DELETE"})
UNSENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
BROKEN = (httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError)


class Attempts:
    """The attempts at one request."""

    def __init__(self, most: int, request: Request[Any]) -> None:
        self._left = most
        self._made = 0
        self._repeatable = request.repeatable or request.method in IDEMPOTENT

    def after_error(self, error: httpx2.TransportError) -> float:
        """Seconds to wait before the next attempt. Raises the error where there is none: when it may have been done
        already and must not be done twice, or has been tried often enough."""
        if not isinstance(error, UNSENT) and not (self._repeatable and isinstance(error, BROKEN)):
            raise error
        if (wait := self._next(0)) is None:
            raise error
        return wait

    def after_answer(self, response: httpx2.Response) -> float | None:
        """Seconds to wait before the next attempt; None when this refusal stands."""
        asked = _seconds(response.headers.get("retry-after"))
        if response.status_code not in FULL or (asked is None and response.status_code != 429):
            return None
        return self._next(asked or 0)

    def _next(self, least: float) -> float | None:
        """Full jitter above what the server asked for, so that many clients don't come back at once."""
        if not self._left or least > MOST_S:
            return None
        self._left -= 1
        self._made += 1
        return least + random.uniform(0, BASE_S * 2.0**self._made)  # noqa: S311 - spreads load, hides nothing


def _seconds(header: str | None) -> float | None:
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None
