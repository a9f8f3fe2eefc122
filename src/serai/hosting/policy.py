"""Who must go when another model needs a place. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A taken place, as far as the choice needs to know it."""

    name: str
    busy: bool
    pinned: bool
    last_used: float


@dataclass(frozen=True, slots=True)
class Decision:
    """`free`: there is room. `evict`: this one goes first. `wait`: one that is busy may become free.
    `never`: every place is pinned."""

    verdict: str
    evict: str | None = None


def room_for(places: Collection[Place], limit: int) -> Decision:
    """The least recently used goes; never one that is busy or pinned."""
    if len(places) < limit:
        return Decision("free")
    idle = [place for place in places if not place.busy and not place.pinned]
    if idle:
        return Decision("evict", min(idle, key=lambda place: place.last_used).name)
    return Decision("wait" if any(not place.pinned for place in places) else "never")


def idle_too_long(places: Collection[Place], now: float, idle_s: float) -> list[str]:
    """Those that were idle for longer than `idle_s`; 0 keeps all."""
    if idle_s <= 0:
        return []
    return [p.name for p in places if not p.busy and not p.pinned and now - p.last_used >= idle_s]
