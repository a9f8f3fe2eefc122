"""Whether a service is there, takes its key, and how fast it says so."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from yarl import URL

from serai.backend import Backend
from serai.errors import SeraiError
from serai.providers._base import Service

KeyState = Literal["accepted", "refused", "missing", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found. `key` is unknown where the service lists its models to anybody."""

    reachable: bool
    key: KeyState
    models: int
    seconds: float
    error: SeraiError | None = None


async def check(backend: Backend, *, has_key: bool) -> Checked:
    """Asks the service now, whatever is known of it. Never raises because of what it finds."""
    began = time.monotonic()
    error: SeraiError | None = None
    known = len(await backend.models()) if not isinstance(backend, Service) else 0
    if isinstance(backend, Service):
        try:
            known = len(await backend.listing.refresh())
            await backend.probe()
        except SeraiError as found:
            error, known = found, len(backend.listing.known)
    seconds = time.monotonic() - began
    reached = not isinstance(backend, Service) or backend.heard_at >= began
    key = _key(backend, has_key=has_key)
    return Checked(reachable=reached, key=key, models=known, seconds=seconds, error=error)


def _key(backend: Backend, *, has_key: bool) -> KeyState:
    refused = isinstance(backend, Service) and backend.refused
    if refused:
        return "refused" if has_key else "missing"
    tells = isinstance(backend, Service) and backend.tells_key
    return "accepted" if has_key and tells else "unknown"


def origin(url: str) -> str:
    """Whom a key is for: scheme, host and port."""
    return str(URL(url).origin())
