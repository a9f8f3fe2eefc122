"""Who must go when another model needs a place or memory. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Place:
    """A taken place, as far as the choice needs to know it; `memory` is what it holds, by device, `idle_s` how long it
    may be idle where that was said for it alone."""

    name: str
    busy: bool
    pinned: bool
    last_used: float
    memory: Mapping[str, int] = field(default_factory=dict)
    idle_s: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """`free`: there is room. `evict`: with these gone there is. `wait`: one that is busy may become free. `never`: not
    even without all that are not pinned."""

    verdict: Literal["free", "evict", "wait", "never"]
    evict: tuple[str, ...] = ()


def room_for(
    places: Collection[Place],
    limit: int,
    needed: Mapping[str, int] | None = None,
    room: Mapping[str, int] | None = None,
) -> Decision:
    """What it takes to load a model that needs so much where so much room is; `limit` is how many may be loaded, 0 is
    no limit. The least recently used go first, no more than have to, never one that is busy or pinned."""
    needed, room = needed or {}, room or {}

    def enough(gone: Sequence[Place]) -> bool:
        return (not limit or len(places) - len(gone) < limit) and fits(needed, with_room_of(room, gone))

    if enough([]):
        return Decision("free")
    idle = sorted(evictable(places), key=lambda place: place.last_used)
    if enough(idle):
        return Decision("evict", tuple(place.name for place in _no_more_than_needed(idle, enough)))
    return Decision("wait" if enough([place for place in places if not place.pinned]) else "never")


def fits(needed: Mapping[str, int], room: Mapping[str, int]) -> bool:
    return all(size <= room.get(device, 0) for device, size in needed.items())


def with_room_of(room: Mapping[str, int], gone: Collection[Place]) -> dict[str, int]:
    """The room there would be without these."""
    devices = {*room, *(device for place in gone for device, size in place.memory.items() if size)}
    return {device: room.get(device, 0) + sum(place.memory.get(device, 0) for place in gone) for device in devices}


def evictable(places: Collection[Place]) -> list[Place]:
    return [place for place in places if not place.busy and not place.pinned]


def idle_too_long(places: Collection[Place], now: float, idle_s: float) -> list[str]:
    """Those that were idle for longer than they may: `idle_s` (0 keeps all), or what was said for one alone."""
    free = [place for place in places if not place.busy and not place.pinned]
    limits = {place.name: (idle_s or math.inf) if place.idle_s is None else place.idle_s for place in free}
    return [place.name for place in free if now - place.last_used >= limits[place.name]]


def _no_more_than_needed(idle: Sequence[Place], enough: Callable[[Sequence[Place]], bool]) -> list[Place]:
    """The first of these that are enough, without those whose going changes nothing."""
    going: list[Place] = []
    for place in idle:
        going.append(place)
        if enough(going):
            break
    for place in reversed(going[:-1]):
        without = [other for other in going if other is not place]
        if enough(without):
            going = without
    return going
