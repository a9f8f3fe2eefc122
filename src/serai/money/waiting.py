"""What waits to be written into the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from serai.money.charges import Charge, Entry, grown

MOST = 10_000
"""Charges that may wait; beyond it nothing that costs is begun, and free calls are told apart less finely."""


@dataclass(slots=True)
class Waiting:
    """Charges in their order, and free calls added up by day and all in which they are alike."""

    entries: list[Entry] = field(default_factory=list)
    free: dict[tuple[str, ...], Charge] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.entries or self.free)

    def add_free(self, charge: Charge) -> None:
        """The row of its day has an id of its own, whoever writes it."""
        kind = (charge.day, charge.principal, charge.place, charge.model, charge.session)
        if len(self.free) >= MOST and kind not in self.free:
            kind, charge = (*kind[:-1], ""), replace(charge, session="")
        known = self.free.get(kind)
        self.free[kind] = replace(charge, id="|".join(kind)) if known is None else grown(known, charge)

    def add(self, later: Waiting) -> None:
        """What came after this."""
        self.entries += later.entries
        for charge in later.free.values():
            self.add_free(charge)
