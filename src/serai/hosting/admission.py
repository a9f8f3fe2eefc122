"""Lets models in: finds out how each is best loaded in the memory there is, frees no more than that takes, and refuses
before anything is freed what cannot fit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from serai.errors import Busy, LoadFailed
from serai.hosting import failure, fitting, launching, ledger, policy
from serai.hosting.budget import Device
from serai.hosting.entry import Entry
from serai.hosting.fitting import Choice, Wish
from serai.hub.shape import Shape
from serai.settings import Models

Devices = Callable[[str], list[Device]]


class Admission:
    """`entries` are the pool's, `stop` ends one's process. `devices` reads the machine's memory for an engine."""

    def __init__(
        self,
        entries: Mapping[str, Entry],
        settings: Callable[[], Models],
        stop: Callable[[Entry], Awaitable[None]],
        *,
        devices: Devices,
        wait_s: float,
    ) -> None:
        self._entries = entries
        self._settings = settings
        self._stop = stop
        self._devices = devices
        self._wait_s = wait_s
        self._lock = asyncio.Lock()
        self._changed = asyncio.Event()

    async def admit(self, entry: Entry, shape: Shape | None) -> Choice | None:
        """Waits in order until the model fits, frees what that takes, and reserves it. None where the shape is not
        known. Raises LoadFailed (out_of_memory) with the numbers, or Busy after a time."""
        try:
            async with asyncio.timeout(self._wait_s), self._lock:
                while True:
                    choice, decision = await self._decide(entry, shape)
                    if decision.verdict == "free":
                        entry.placed, entry.promise, entry.settled = True, choice.need if choice else None, None
                        return choice
                    if decision.verdict == "never":
                        why, hint = "every loaded model is pinned", "Unpin one, or raise models.max_loaded."
                        raise no_room(entry.model.name, why, hint)
                    for name in decision.evict:
                        await self._stop(self._entries[name])
                    if decision.verdict == "wait":
                        await self._changed.wait()
        except TimeoutError:
            why, hint = "all loaded models are busy", "Try again, or raise models.max_loaded."
            raise no_room(entry.model.name, why, hint) from None

    def wake(self) -> None:
        """Lets those who wait look again; whoever waits from now on waits for the next time."""
        self._changed.set()
        self._changed = asyncio.Event()

    def room(self, devices: list[Device]) -> dict[str, int]:
        """What another model may take now."""
        return ledger.room(devices, self._settings().memory_share, list(self.holdings().values()))

    def holdings(self) -> dict[str, ledger.Holding]:
        """What each model holds, by name."""
        found = {name: entry.holding() for name, entry in self._entries.items() if entry.placed}
        return {name: holding for name, holding in found.items() if holding is not None}

    def places(self) -> list[policy.Place]:
        return [entry.place() for entry in self._entries.values() if entry.placed]

    async def _decide(self, entry: Entry, shape: Shape | None) -> tuple[Choice | None, policy.Decision]:
        places, limit = self.places(), self._settings().max_loaded
        if shape is None:
            return None, policy.room_for(places, limit)
        engine = launching.engine_of(entry.model)
        devices = await asyncio.to_thread(self._devices, engine)
        wish = launching.wish(engine, entry.model, self._settings(), shape, devices, launching.cores())
        now = self.room(devices)
        later = policy.with_room_of(now, policy.evictable(places))
        choice = fitting.choose(shape, wish, now, later)
        if choice is None:
            most = policy.with_room_of(now, [place for place in places if not place.pinned])
            choice = fitting.choose(shape, wish, most, most)
            if choice is None:
                raise too_large(entry.model.name, entry.model.path, shape, wish, devices, most)
        decision = policy.room_for(places, limit, choice.need.by_device, now)
        if decision.verdict == "free":
            choice = fitting.with_cache(shape, choice, wish.most_cache, now)
        return choice, decision


def too_large(
    name: str, path: str | None, shape: Shape, wish: Wish, devices: list[Device], room: Mapping[str, int]
) -> LoadFailed:
    """The refusal with the numbers, and with what would fit."""
    needed = fitting.asked(shape, wish)
    offered = list(fitting.offers(shape, wish, room, beside(path)))
    kind = "gpu" if needed.on("gpu") > room.get("gpu", 0) and not wish.any_layers else "cpu"
    where = " on the GPU" if kind == "gpu" else ""
    error = failure.load_failed(
        name,
        "out_of_memory",
        f"it needs {fitting.words(needed.on(kind))}{where}, and {fitting.words(room.get(kind, 0))} are free for models",
        needed=needed.total,
        by_device=dict(needed.by_device),
        devices=[{"name": device.name, "total": device.total, "free": device.free} for device in devices],
        free=dict(room),
        would_fit=[{"loading": dict(offer.loading), "text": offer.text, "model": offer.model} for offer in offered],
    )
    error.hint = _hint([offer.text for offer in offered])
    return error


def beside(path: str | None) -> dict[str, int]:
    """Other GGUF files in the same folder with their sizes: mostly other quantisations of the same model."""
    if not path or not path.endswith(".gguf"):
        return {}
    try:
        others = [other for other in Path(path).parent.glob("*.gguf") if other.name != Path(path).name]
        return {other.name: other.stat().st_size for other in others if "mmproj" not in other.name.lower()}
    except OSError:
        return {}


def no_room(name: str, why: str, hint: str) -> Busy:
    return Busy(f"There is no place for {name}: {why}.", retry_after=10, hint=hint)


def _hint(texts: list[str]) -> str:
    if not texts:
        return "Close other programs, or choose a smaller model or quantisation."
    return f"This would fit: {'; '.join(texts)}."
