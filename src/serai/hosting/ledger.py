"""Who holds how much memory, and what room that leaves. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from serai.hosting.budget import Device, Need

KINDS = ("cpu", "gpu")


@dataclass(frozen=True, slots=True)
class Holding:
    """A model's memory: what it was promised, and what its process has: `resident` in all, of which `mapped` are pages
    of files, which the system counts as free. `settled` is what it had when it was ready, with what it takes later;
    None while it is loading."""

    promised: Need
    resident: int = 0
    mapped: int = 0
    settled: int | None = None

    @property
    def own(self) -> int:
        """What is really taken: copied pages of the file go back when memory is short."""
        return self.resident - min(self.promised.spare, self.mapped)

    def held(self) -> dict[str, int]:
        """What is counted as taken, by device: the promise while it is loading, what was measured afterwards."""
        taken = self.promised.on("cpu") if self.settled is None else self.settled
        return {"cpu": max(taken, self.own), "gpu": self.promised.on("gpu")}

    def unseen(self) -> dict[str, int]:
        """What of it the system still shows as free."""
        taken = self.held()
        graphics = taken["gpu"] if self.settled is None else 0
        return {"cpu": max(0, taken["cpu"] - (self.resident - self.mapped)), "gpu": graphics}


def settle(holding: Holding) -> int:
    """What a model that has become ready holds from now on: what was measured, though never less than its weights,
    whose pages come and go as memory is short or plenty; and what it takes later."""
    return max(holding.own, holding.promised.firm) + holding.promised.later


def room(devices: Sequence[Device], share: float, holdings: Collection[Holding]) -> dict[str, int]:
    """What another model may take: of the machine's memory no more than this share for all models together, and no
    more than is free; graphics memory is for models alone."""
    left: dict[str, int] = {}
    for kind in KINDS:
        those = [device for device in devices if device.kind == kind]
        if not those:
            continue
        held = sum(holding.held()[kind] for holding in holdings)
        unseen = sum(holding.unseen()[kind] for holding in holdings)
        most = sum(device.total for device in those) * (share if kind == "cpu" else 1.0)
        left[kind] = max(0, int(min(most - held, sum(device.free for device in those) - unseen)))
    return left


def told(
    devices: Sequence[Device], holdings: Mapping[str, Holding], share: float = 1.0, serai: int = 0
) -> list[dict[str, object]]:
    """The budget as people see it: each device, what every model holds of it, the server itself (`serai`) and other
    programs, and the most that models may take together."""
    return [
        {
            "name": device.name,
            "kind": device.kind,
            "total": device.total,
            "free": device.free,
            "limit": int(device.total * (share if device.kind == "cpu" else 1.0)),
            "serai": serai if device.kind == "cpu" else 0,
            "others": _others(device, holdings.values(), serai),
            "models": [
                {"name": name, "memory": taken}
                for name, holding in holdings.items()
                if (taken := holding.held()[device.kind] // sum(other.kind == device.kind for other in devices))
            ],
        }
        for device in devices
    ]


def _others(device: Device, holdings: Collection[Holding], serai: int) -> int:
    """What other programs take, as far as that can be told: of a GPU, what no model was promised."""
    taken = device.total - device.free
    if device.kind == "cpu":
        return max(0, taken - serai - sum(holding.resident - holding.mapped for holding in holdings))
    return max(0, taken - sum(holding.held()["gpu"] for holding in holdings if holding.settled is not None))
